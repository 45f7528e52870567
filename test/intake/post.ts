import { createHmac } from 'node:crypto';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { signMessage } from '#adapters/standard-webhooks.ts';
import { webhookSecrets } from '#adapters/webhook-secrets.ts';
import { erpWebhook } from '#functions/http/erp-webhook.ts';
import { githubWebhook } from '#functions/http/github-webhook.ts';
import { jiraWebhook } from '#functions/http/jira-webhook.ts';
import { type Answer, send } from '../support/request.ts';
import type { Payload, Source } from './payloads.ts';

export const NOW = new Date('2026-11-20T10:00:00Z');
/** What every organization signs with here. */
export const KEY = 'a secret of sixteen bytes or more';

const clock = { now: () => NOW };
export const tickets = dynamoTickets('Tickets', 'Deliveries', clock);
const inbound = { tickets, clock, secrets: webhookSecrets('signalbox/webhooks', clock) };
const routes = {
  github: githubWebhook(inbound),
  jira: jiraWebhook(inbound),
  erp: erpWebhook(inbound),
};

/** Lets an organization's sources sign. */
export async function connect(org: string): Promise<void> {
  for (const source of ['github', 'jira', 'erp'])
    await new SecretsManagerClient().send(
      new CreateSecretCommand({
        Name: `signalbox/webhooks/${org}/${source}`,
        SecretString: JSON.stringify({ secrets: [KEY] }),
      }),
    );
}

export interface Sent {
  org: string;
  source: Source;
  id: string;
  event?: string | undefined;
  text: string;
  /** Over what its sender had signed. */
  headers?: Record<string, string>;
}

export function post({ org, source, id, event, text, headers }: Sent): Promise<Answer> {
  const given = { ...signed({ source, id, event, text }), ...headers };
  const path = `/webhooks/${org}/${source}`;
  return send(routes[source], { method: 'POST', path, params: { org }, headers: given, body: text });
}

/** Headers as the source's own software signs them. */
export function signed({ source, id, event, text }: Omit<Sent, 'org'>): Record<string, string> {
  const hub = `sha256=${createHmac('sha256', KEY).update(text).digest('hex')}`;
  if (source === 'github')
    return { 'x-github-event': event ?? 'issues', 'x-github-delivery': id, 'x-hub-signature-256': hub };
  if (source === 'jira') return { 'x-hub-signature': hub, 'x-atlassian-webhook-identifier': id };
  const timestamp = `${NOW.getTime() / 1000}`;
  const signature = signMessage({ id, timestamp, raw: Buffer.from(text) }, KEY);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
}

export function textOf({ body }: Payload): string {
  return JSON.stringify(body);
}
