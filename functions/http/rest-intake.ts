import * as z from 'zod';
import { clock as machineClock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Clock, Tickets } from '#core/ports.ts';
import type { Limits } from '#core/queue/limits.ts';
import { outlookOf, waitAt } from '#core/queue/outlook.ts';
import { rankOf } from '#core/queue/place.ts';
import type { Queue } from '#core/queue/ports.ts';
import { acceptedOf } from '#core/tickets/issue.ts';
import { fromNewIssue, NewIssue } from '#core/tickets/sources/rest.ts';
import { take } from '#core/tickets/take.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { deliveryOf, understood } from '../delivery.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';
import { QueueEnv, queueFrom } from '../queue-env.ts';

export const Env = PrincipalEnv.extend({
  ...QueueEnv.shape,
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Dependencies {
  principalOf: PrincipalOf;
  tickets: Tickets;
  queue: Pick<Queue, 'counts' | 'ahead'>;
  limits: Limits;
  clock: Clock;
  publicUrl: string;
}

/** POST /api/issues: an issue by API key (scope `issues:write`) or by a lead. The same `Idempotency-Key`, external id or body again answers the same ticket. */
export function restIntake({ principalOf, tickets, clock, publicUrl, ...queue }: Dependencies): Route {
  return async (request) => {
    const principal = await principalOf(request);
    allow(principal, 'lead', 'issues:write');
    const { org } = principal;
    const id = idempotencyKey(request.headers['idempotency-key']);
    const now = clock.now();
    const delivery = deliveryOf(request, { org, source: 'rest', id, now });
    const meaning = await understood(delivery, tickets, ({ id: deliveryId, receivedAt }) => ({
      kind: 'request',
      draft: fromNewIssue(parseJson(NewIssue, request.text), {
        ...{ org, source: 'rest', deliveryId, receivedAt },
        reporter: reporterOf(principal),
      }),
    }));
    const { ticket } = await take(delivery, meaning, { tickets, now });
    if (!ticket) throw new Error('A request always has a ticket');
    return {
      status: 202,
      body: acceptedOf(ticket, {
        publicUrl,
        waits: ticket.status === 'received' ? await waitsOf(ticket, { tickets, ...queue }) : [0],
      }),
    };
  };
}

/** Milliseconds: what the queue says while it is full, and how long others waited while it is not. */
async function waitsOf(
  ticket: Ticket,
  { tickets, queue, limits }: Pick<Dependencies, 'tickets' | 'queue' | 'limits'>,
): Promise<number[]> {
  const outlook = outlookOf(ticket.org, await queue.counts(), limits);
  const rank = rankOf({ priority: ticket.priority ?? 'medium', arrivedAt: ticket.createdAt, runId: '' });
  const seconds = outlook.free > 0 ? null : waitAt((await queue.ahead(ticket.org, rank)) + 1, outlook);
  return seconds === null ? tickets.waits(ticket.org) : [seconds * 1_000];
}

function idempotencyKey(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,200}$/.test(given))
    throw new Fault('Invalid', 'Idempotency-Key: 1 to 200 printable ASCII characters without spaces');
  return given;
}

function reporterOf(principal: Principal) {
  if (principal.via === 'session') return { name: principal.name, email: principal.email };
  return { name: `API key ${principal.keyId}` };
}

export const handler = http(Env, async (env) =>
  restIntake({
    principalOf: await principalsFrom(env),
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    ...queueFrom(env),
    clock: machineClock,
    publicUrl: env.PUBLIC_URL,
  }),
);
