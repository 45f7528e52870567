import * as z from 'zod/mini';
import { clock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { isSigned } from '#adapters/github/signature.ts';
import { webhookSecrets } from '#adapters/webhook-secrets.ts';
import { parseJson } from '#core/parse.ts';
import { accept } from '#core/tickets/accept.ts';
import { fromJira, isTimely, JiraDelivery } from '#core/tickets/sources/jira.ts';
import { authentic, deliveryOf, type Inbound, refuse, understood } from '../delivery.ts';
import { http, type Route } from '../http.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  WEBHOOK_SECRETS_PREFIX: z.string(),
});
export type Env = z.infer<typeof Env>;

/** POST /webhooks/{org}/jira: an issue that was created, or got our label, becomes at most one ticket. */
export function jiraWebhook(inbound: Inbound): Route {
  return async (request) => {
    const { tickets, clock } = inbound;
    const org = await authentic(request, 'jira', {
      ...inbound,
      isSigned: (key, raw, headers) => isSigned(raw, headers['x-hub-signature'], key),
    });
    const parsed = await understood(tickets, { org, source: 'jira' }, () =>
      parseJson(JiraDelivery, request.text),
    );
    if (!isTimely(parsed, clock.now())) return refuse(tickets, { org, source: 'jira', reason: 'stale' });
    const draft = fromJira(org, parsed);
    if (!draft) return { status: 204 };
    const id = request.headers['x-atlassian-webhook-identifier'];
    const delivery = deliveryOf(request, { org, source: 'jira', id, now: clock.now() });
    const { ticket } = await accept(draft, delivery, tickets);
    return { status: 202, body: { id: ticket.id } };
  };
}

export const handler = http(Env, async (env) =>
  jiraWebhook({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    secrets: webhookSecrets(env.WEBHOOK_SECRETS_PREFIX),
    clock,
  }),
);
