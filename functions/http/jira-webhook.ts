import * as z from 'zod/mini';
import { clock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { isSigned } from '#adapters/github/signature.ts';
import { webhookSecrets } from '#adapters/webhook-secrets.ts';
import { isTimely } from '#core/tickets/sources/jira.ts';
import { authentic, deliveryOf, type Inbound, refuse, taken } from '../delivery.ts';
import { http, type Route } from '../http.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  WEBHOOK_SECRETS_PREFIX: z.string(),
});
export type Env = z.infer<typeof Env>;

/** POST /webhooks/{org}/jira: every genuine delivery is kept, and becomes at most one ticket or one change of one. */
export function jiraWebhook(inbound: Inbound): Route {
  return async (request) => {
    const org = await authentic(request, 'jira', {
      ...inbound,
      isSigned: (key, raw, headers) => isSigned(raw, headers['x-hub-signature'], key),
    });
    const now = inbound.clock.now();
    const id = request.headers['x-atlassian-webhook-identifier'];
    if (!isTimely(request.text, now))
      return refuse(inbound.tickets, { org, source: 'jira', reason: 'stale' });
    return taken(deliveryOf(request, { org, source: 'jira', id, now }), inbound);
  };
}

export const handler = http(Env, async (env) =>
  jiraWebhook({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    secrets: webhookSecrets(env.WEBHOOK_SECRETS_PREFIX),
    clock,
  }),
);
