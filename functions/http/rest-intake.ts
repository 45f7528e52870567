import * as z from 'zod';
import { clock as machineClock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Clock, Tickets } from '#core/ports.ts';
import { acceptedOf } from '#core/tickets/issue.ts';
import { fromNewIssue, NewIssue } from '#core/tickets/sources/rest.ts';
import { take } from '#core/tickets/take.ts';
import { deliveryOf, understood } from '../delivery.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ TICKETS_TABLE: z.string(), DELIVERIES_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

interface Dependencies {
  principalOf: PrincipalOf;
  tickets: Tickets;
  clock: Clock;
  publicUrl: string;
}

/** POST /api/issues: an issue by API key (scope `issues:write`) or by a lead. The same `Idempotency-Key`, external id or body again answers the same ticket. */
export function restIntake({ principalOf, tickets, clock, publicUrl }: Dependencies): Route {
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
        waits: ticket.status === 'received' ? await tickets.waits(org) : [0],
      }),
    };
  };
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
    clock: machineClock,
    publicUrl: env.PUBLIC_URL,
  }),
);
