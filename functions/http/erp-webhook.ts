import * as z from 'zod/mini';
import { clock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { isFresh, isSignedMessage, messageOf } from '#adapters/standard-webhooks.ts';
import { webhookSecrets } from '#adapters/webhook-secrets.ts';
import { parseJson } from '#core/parse.ts';
import { accept } from '#core/tickets/accept.ts';
import { ErpDelivery, ErpIssue, fromErp } from '#core/tickets/sources/erp.ts';
import { authentic, deliveryOf, type Inbound, refuse, understood } from '../delivery.ts';
import { http, type Route } from '../http.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  WEBHOOK_SECRETS_PREFIX: z.string(),
});
export type Env = z.infer<typeof Env>;

/** POST /webhooks/{org}/erp: `issue.created`, signed as Standard Webhooks, becomes at most one ticket. Other events are ignored with 204. */
export function erpWebhook(inbound: Inbound): Route {
  return async (request) => {
    const { tickets, clock } = inbound;
    const message = messageOf(request.headers, request.raw);
    const org = await authentic(request, 'erp', {
      ...inbound,
      isSigned: (key) => message !== undefined && isSignedMessage(message, key),
    });
    const now = clock.now();
    if (!message || !isFresh(message, now)) return refuse(tickets, { org, source: 'erp', reason: 'stale' });
    const parsed = await understood(tickets, { org, source: 'erp' }, () => read(request.text));
    if (!parsed) return { status: 204 };
    const draft = fromErp(org, parsed, { id: message.id, at: now.toISOString() });
    const delivery = deliveryOf(request, { org, source: 'erp', id: message.id, now });
    const { ticket } = await accept(draft, delivery, tickets);
    return { status: 202, body: { id: ticket.id } };
  };
}

function read(text: string): ErpIssue | undefined {
  if (parseJson(ErpDelivery, text).event !== 'issue.created') return undefined;
  return parseJson(ErpIssue, text);
}

export const handler = http(Env, async (env) =>
  erpWebhook({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    secrets: webhookSecrets(env.WEBHOOK_SECRETS_PREFIX),
    clock,
  }),
);
