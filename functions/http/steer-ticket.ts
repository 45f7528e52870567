import * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { log } from '#adapters/log.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow, nameOf } from '#core/people/principal.ts';
import { cancel, prioritize, retry, type SteerNeeds } from '#core/tickets/steer.ts';
import { Priority, type Ticket } from '#core/tickets/ticket.ts';
import { http, type Request, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  RUNS_TABLE: z.string(),
  QUEUE_TABLE: z.string(),
});
export type Env = z.infer<typeof Env>;

type Needs = SteerNeeds & { principalOf: PrincipalOf };

const Wish = z.strictObject({ priority: Priority });

/** POST /api/tickets/{id}/priority, cancel and retry, by a lead. */
export function steerTicket(needs: Needs): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    allow(principal, 'lead');
    const { id, wish } = asked(request);
    const ticket = await needs.tickets.find(principal.org, id);
    if (!ticket) throw new Fault('NotFound', `There is no ticket ${id}`);
    const steered = await acts[wish](ticket, { ...needs, by: nameOf(principal), text: request.text });
    log.info('a ticket was steered', { org: principal.org, by: principal.id, ticketId: id, wish });
    return { status: 200, body: { ticket: steered } };
  };
}

type Act = (ticket: Ticket, asked: SteerNeeds & { by: string; text: string }) => Promise<Ticket>;

const acts = {
  priority: (ticket, asked) => prioritize(ticket, parseJson(Wish, asked.text).priority, asked),
  cancel: (ticket, asked) => cancel(ticket, asked.by, asked),
  retry,
} satisfies Record<string, Act>;

function asked({ event }: Request): { id: string; wish: keyof typeof acts } {
  const [, id, wish] = /^\/api\/tickets\/([\w-]{1,100})\/(priority|cancel|retry)$/.exec(event.rawPath) ?? [];
  if (!id) throw new Fault('NotFound', `There is nothing at ${event.rawPath}`);
  return { id, wish: wish as keyof typeof acts };
}

export const handler = http(Env, async (env) =>
  steerTicket({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    runs: dynamoRuns(env.RUNS_TABLE),
    queue: dynamoQueue(env.QUEUE_TABLE),
    principalOf: await principalsFrom(env),
    clock,
  }),
);
