import * as z from 'zod/mini';
import { clock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { isFresh, isSignedMessage, messageOf } from '#adapters/standard-webhooks.ts';
import { webhookSecrets } from '#adapters/webhook-secrets.ts';
import { authentic, deliveryOf, type Inbound, refuse, taken } from '../delivery.ts';
import { http, type Route } from '../http.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  WEBHOOK_SECRETS_PREFIX: z.string(),
});
export type Env = z.infer<typeof Env>;

/** POST /webhooks/{org}/erp and …/hotglue: what happens to an issue or a job there, signed as Standard Webhooks; each is kept, and becomes at most one ticket or one change of one. */
export function erpWebhook(inbound: Inbound): Route {
  return async (request) => {
    const source = request.event.rawPath.endsWith('/hotglue') ? 'hotglue' : 'erp';
    const message = messageOf(request.headers, request.raw);
    const org = await authentic(request, source, {
      ...inbound,
      isSigned: (key) => message !== undefined && isSignedMessage(message, key),
    });
    const now = inbound.clock.now();
    if (!message || !isFresh(message, now)) return refuse(inbound.tickets, { org, source, reason: 'stale' });
    return taken(deliveryOf(request, { org, source, id: message.id, now }), inbound);
  };
}

export const handler = http(Env, async (env) =>
  erpWebhook({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    secrets: webhookSecrets(env.WEBHOOK_SECRETS_PREFIX),
    clock,
  }),
);
