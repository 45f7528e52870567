import * as z from 'zod/mini';
import { clock } from '#adapters/clock.ts';
import { dynamoDeliveries } from '#adapters/dynamodb/deliveries.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow } from '#core/people/principal.ts';
import type { Clock, Deliveries, Delivery, DeliveryOutcome, Tickets } from '#core/ports.ts';
import { meaningOf } from '#core/tickets/read.ts';
import { take } from '#core/tickets/take.ts';
import { Source } from '#core/tickets/ticket.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ TICKETS_TABLE: z.string(), DELIVERIES_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

interface Needs {
  principalOf: PrincipalOf;
  deliveries: Deliveries;
  tickets: Tickets;
  clock: Clock;
}

/** One by its id, or so many of those that nothing followed from; `cursor` goes on where the last answer ended. */
const Body = z.union([
  z.strictObject({ source: Source, id: z.string().check(z.maxLength(200)) }),
  z.strictObject({
    outcome: z.enum(['malformed', 'ignored', 'event']),
    source: z.optional(Source),
    cursor: z.optional(z.string().check(z.maxLength(500))),
  }),
]);

const AT_ONCE = 50;

interface Replayed {
  source: Source;
  id: string;
  outcome: DeliveryOutcome;
  ticketId?: string;
  why?: string;
}

/** POST /api/deliveries/replay, by a lead: kept deliveries are read again, as after a fix. What was done is not done twice. */
export function replayDeliveries(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    allow(principal, 'lead');
    const { org } = principal;
    const { deliveries } = needs;
    const asked = parseJson(Body, request.text);
    if ('id' in asked) {
      const found = await deliveries.find(org, asked.source, asked.id);
      if (!found) throw new Fault('NotFound', `No delivery ${asked.id} of ${asked.source} is kept`);
      return { status: 200, body: { replayed: [await again(found.delivery, needs)] } };
    }
    const { deliveries: page, cursor } = await deliveries.list(org, { ...asked, limit: AT_ONCE });
    const replayed: Replayed[] = [];
    for (const { source, id } of page) {
      const found = await deliveries.find(org, source, id);
      if (found) replayed.push(await again(found.delivery, needs));
    }
    return { status: 200, body: { replayed, cursor } };
  };
}

async function again(delivery: Delivery, { tickets, clock }: Needs): Promise<Replayed> {
  const { source, id } = delivery;
  try {
    const { outcome, ticket } = await take(delivery, meaningOf(delivery), { tickets, now: clock.now() });
    return { source, id, outcome, ...(ticket && { ticketId: ticket.id }) };
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'Unavailable') throw error;
    return { source, id, outcome: 'malformed', why: error.message };
  }
}

export const handler = http(Env, async (env) =>
  replayDeliveries({
    principalOf: await principalsFrom(env),
    deliveries: dynamoDeliveries(env.DELIVERIES_TABLE),
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    clock,
  }),
);
