import * as z from 'zod/mini';
import { sqsQueue } from '#adapters/aws/queue.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { Fault } from '#core/fault.ts';
import type { Clock, Runs, Tickets } from '#core/ports.ts';
import type { Queue } from '#core/queue/ports.ts';
import type { Run } from '#core/runs/run.ts';
import { AwaitSlot } from '#core/runs/steps.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import type { Nudge } from '../queue/admit.ts';
import { task } from '../task.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  RUNS_TABLE: z.string(),
  QUEUE_TABLE: z.string(),
  ADMIT_QUEUE_URL: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  tickets: Pick<Tickets, 'find'>;
  runs: Pick<Runs, 'find'>;
  queue: Pick<Queue, 'join'>;
  nudge: (nudge: Nudge) => Promise<void>;
  clock: Clock;
}

/** Puts a run into the queue, in its ticket's place, and has the queue looked at. The token is answered with the slot. */
export function awaitingSlot({ tickets, runs, queue, nudge, clock }: Needs) {
  return async ({ org, ticketId, runId, token, executionArn, slot }: z.infer<typeof AwaitSlot.input>) => {
    const [ticket, run] = await Promise.all([tickets.find(org, ticketId), runs.find(org, runId)]);
    if (!ticket || !run) throw new Fault('NotFound', `There is no ticket ${ticketId} with the run ${runId}`);
    const arrival = { org, runId, ticketId, executionArn, ...standing(ticket, run, slot) };
    await queue.join(arrival, { grant: slot, token, at: clock.now().toISOString() });
    await nudge({ org, runId });
    return {};
  };
}

/** The first attempt stands where its ticket arrived, another one where it was asked for; after a decision, where it stood. */
function standing({ priority, classification, createdAt }: Ticket, run: Run, slot: number) {
  return {
    kind: slot > 0 ? ('resume' as const) : run.review ? ('review' as const) : ('start' as const),
    priority: classification?.priority ?? priority ?? 'medium',
    arrivedAt: run.attempt === 1 ? createdAt : run.startedAt,
  };
}

export const handler = task(AwaitSlot, Env, async (env) =>
  awaitingSlot({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    runs: dynamoRuns(env.RUNS_TABLE),
    queue: dynamoQueue(env.QUEUE_TABLE),
    nudge: sqsQueue(env.ADMIT_QUEUE_URL),
    clock,
  }),
);
