import * as z from 'zod/mini';
import { clock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { isSigned } from '#adapters/github/signature.ts';
import { webhookSecrets } from '#adapters/webhook-secrets.ts';
import { authentic, deliveryOf, type Inbound, taken } from '../delivery.ts';
import { http, type Route } from '../http.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  WEBHOOK_SECRETS_PREFIX: z.string(),
});
export type Env = z.infer<typeof Env>;

const SIGNATURE = 'x-hub-signature-256';

/** POST /webhooks/{org}/github: every genuine delivery is kept, and becomes at most one ticket or one change of one. */
export function githubWebhook(inbound: Inbound): Route {
  return async (request) => {
    const org = await authentic(request, 'github', {
      ...inbound,
      isSigned: (key, raw, headers) => isSigned(raw, headers[SIGNATURE], key),
    });
    const id = request.headers['x-github-delivery'];
    return taken(deliveryOf(request, { org, source: 'github', id, now: inbound.clock.now() }), inbound);
  };
}

export const handler = http(Env, async (env) =>
  githubWebhook({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    secrets: webhookSecrets(env.WEBHOOK_SECRETS_PREFIX),
    clock,
  }),
);
