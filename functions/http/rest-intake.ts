import * as z from 'zod';
import { clock as machineClock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow, type Principal } from '#core/people/principal.ts';
import type { Clock, Tickets } from '#core/ports.ts';
import { runId } from '#core/runs/run.ts';
import { accept } from '#core/tickets/accept.ts';
import { fromNewIssue, NewIssue } from '#core/tickets/sources/rest.ts';
import { deliveryOf, understood } from '../delivery.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ TICKETS_TABLE: z.string(), DELIVERIES_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

/** Seconds until work on a new ticket starts: events and a queue stand between, and nothing else makes it wait. */
const ESTIMATED_WAIT = 5;

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
    const issue = await understood(tickets, { org, source: 'rest' }, () => parseJson(NewIssue, request.text));
    const id = idempotencyKey(request.headers['idempotency-key']);
    const delivery = deliveryOf(request, { org, source: 'rest', id, now: clock.now() });
    const draft = fromNewIssue(issue, {
      org,
      source: 'rest',
      reporter: reporterOf(principal),
      deliveryId: delivery.id,
      receivedAt: delivery.receivedAt,
    });
    const { ticket } = await accept(draft, delivery, tickets);
    return {
      status: 202,
      body: {
        id: ticket.id,
        status: ticket.status,
        jobId: ticket.runId ?? runId(ticket.id, 1),
        estimatedWait: ticket.status === 'received' ? ESTIMATED_WAIT : 0,
        trackingUrl: `${publicUrl.replace(/\/+$/, '')}/tickets/${ticket.id}`,
      },
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
