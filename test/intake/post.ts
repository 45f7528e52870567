import { createHmac, randomBytes } from 'node:crypto';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { jwtSessions } from '#adapters/session.ts';
import { slackApps } from '#adapters/slack/apps.ts';
import { signatureFor } from '#adapters/slack/signature.ts';
import { signMessage } from '#adapters/standard-webhooks.ts';
import { webhookSecrets } from '#adapters/webhook-secrets.ts';
import { newKey } from '#core/people/key.ts';
import { personId } from '#core/people/person.ts';
import { limitsFrom } from '#core/queue/limits.ts';
import { erpWebhook } from '#functions/http/erp-webhook.ts';
import { githubWebhook } from '#functions/http/github-webhook.ts';
import { jiraWebhook } from '#functions/http/jira-webhook.ts';
import { restIntake } from '#functions/http/rest-intake.ts';
import { slackIntake } from '#functions/http/slack-intake.ts';
import type { Route } from '#functions/http.ts';
import { principals } from '#functions/principal.ts';
import { type Answer, send } from '../support/request.ts';
import type { Payload, Source } from './payloads.ts';

export const NOW = new Date('2026-11-20T10:00:00Z');
/** What every organization signs with here. */
export const KEY = 'a secret of sixteen bytes or more';

let ahead = 0;
/** Lets time pass at the doors; senders go on signing as of {@link NOW}. */
export function pass(ms: number): void {
  ahead += ms;
}
const clock = { now: () => new Date(NOW.getTime() + ahead) };
export const tickets = dynamoTickets('Tickets', 'Deliveries', clock);
const people = dynamoPeople('People');
const publicUrl = 'http://localhost:4600';
const inbound = { tickets, clock, secrets: webhookSecrets('signalbox/webhooks', clock) };
const slack = slackIntake({ apps: slackApps('signalbox/slack', clock), tickets, clock, publicUrl });
const ROUTES: Record<Source, Route> = {
  github: githubWebhook(inbound),
  jira: jiraWebhook(inbound),
  erp: erpWebhook(inbound),
  hotglue: erpWebhook(inbound),
  rest: restIntake({
    principalOf: principals({ people, sessions: jwtSessions(KEY, clock), clock, publicUrl }),
    tickets,
    clock,
    publicUrl,
    queue: dynamoQueue('Queue'),
    limits: limitsFrom('50', '20'),
  }),
  'slack-event': slack,
  'slack-command': slack,
};
const PATHS: Partial<Record<Source, (org: string) => string>> = {
  rest: () => '/api/issues',
  'slack-event': (org) => `/webhooks/slack/${org}/events`,
  'slack-command': (org) => `/webhooks/slack/${org}/commands`,
};

/** The API key of the organization that was connected last. */
export let apiKey = '';

/** Lets an organization's sources and its Slack app sign with these. */
export async function keepSecrets(org: string, secrets: string[]): Promise<void> {
  for (const source of ['github', 'jira', 'erp', 'hotglue'])
    await put(`signalbox/webhooks/${org}/${source}`, JSON.stringify({ secrets }));
  const app = { signingSecrets: secrets, botToken: 'xoxb-1', clientId: 'c', clientSecret: 's' };
  await put(`signalbox/slack/${org}`, JSON.stringify({ ...app, teams: ['T0ACME'], watch: ['C1'] }));
}

/** Lets an organization's sources sign with {@link KEY}, and makes a key of its API. */
export async function connect(org: string): Promise<void> {
  await keepSecrets(org, [KEY]);
  const owner = await people.admit({
    ...{ org, id: personId(org, 'lea@acme.example'), email: 'lea@acme.example', name: 'Lea' },
    ...{ roles: ['lead'], groups: [], createdAt: NOW.toISOString() },
  });
  const { key, text } = newKey(
    { org, owner: owner.id, name: 'fuzz', scopes: ['issues:write'], expiresAt: '2027-11-20T10:00:00.000Z' },
    { random: randomBytes, now: NOW },
  );
  await people.createKey(key);
  apiKey = text;
}

async function put(Name: string, SecretString: string): Promise<void> {
  await new SecretsManagerClient().send(new CreateSecretCommand({ Name, SecretString }));
}

export interface Sent {
  org: string;
  source: Source;
  id: string;
  event?: string | undefined;
  text: string;
  /** What it is signed with, if not {@link KEY}. */
  key?: string;
  /** Over what its sender had signed. */
  headers?: Record<string, string>;
}

export function post({ org, headers, ...sent }: Sent): Promise<Answer> {
  const { source, text } = sent;
  const given = { ...signed(sent), ...headers };
  const path = PATHS[source]?.(org) ?? `/webhooks/${org}/${source}`;
  return send(ROUTES[source], { method: 'POST', path, params: { org }, headers: given, body: text });
}

/** Headers as the source's own software signs them. */
export function signed({ source, id, event, text, key = KEY }: Omit<Sent, 'org'>): Record<string, string> {
  const hub = `sha256=${createHmac('sha256', key).update(text).digest('hex')}`;
  const timestamp = `${NOW.getTime() / 1000}`;
  if (source === 'github')
    return { 'x-github-event': event ?? 'issues', 'x-github-delivery': id, 'x-hub-signature-256': hub };
  if (source === 'jira') return { 'x-hub-signature': hub, 'x-atlassian-webhook-identifier': id };
  if (source === 'rest') return { authorization: `Bearer ${apiKey}`, 'idempotency-key': id };
  if (source === 'slack-event' || source === 'slack-command')
    return {
      'content-type': source === 'slack-command' ? 'application/x-www-form-urlencoded' : 'application/json',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': signatureFor(key, Buffer.from(text), timestamp),
    };
  const signature = signMessage({ id, timestamp, raw: Buffer.from(text) }, key);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
}

/** JSON, or the form that a slash command is. */
export function textOf({ source, body }: Pick<Payload, 'source' | 'body'>): string {
  const isForm = source === 'slack-command' && typeof body === 'object' && body !== null;
  if (!isForm) return JSON.stringify(body) ?? 'null';
  return new URLSearchParams(
    Object.entries(body).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  ).toString();
}
