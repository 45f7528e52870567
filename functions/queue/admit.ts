import type { SQSRecord } from 'aws-lambda';
import * as z from 'zod/mini';
import { stateMachines } from '#adapters/aws/machines.ts';
import { sqsQueue } from '#adapters/aws/queue.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { parseJson } from '#core/parse.ts';
import { admit, wake } from '#core/queue/admit.ts';
import { limitsFrom } from '#core/queue/limits.ts';
import type { QueueNeeds } from '#core/queue/ports.ts';
import { sweep } from '#core/queue/sweep.ts';
import { queue } from '../queue.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  QUEUE_TABLE: z.string(),
  ADMIT_QUEUE_URL: z.string(),
  SLOTS: z.string(),
  SLOTS_PER_ORG: z.string(),
});
export type Env = z.infer<typeof Env>;

/** Has the queue looked at; the run is one that may have its slot and not know. */
export interface Nudge {
  org?: string;
  runId?: string;
}

/** A nudge, the end of an execution as Step Functions tells it, or the minute's tick. */
const Message = z.object({
  org: z.optional(z.string()),
  runId: z.optional(z.string()),
  isTick: z.optional(z.boolean()),
  detail: z.optional(z.object({ name: z.string(), input: z.string() })),
});

const Input = z.object({ org: z.string() });

/** Takes out what has ended, puts right what a death left behind, and fills what is free. A message may come twice, late or never. */
export function admitting(needs: QueueNeeds, nudge: (nudge: Nudge) => Promise<void>) {
  return async ({ body }: Pick<SQSRecord, 'body'>): Promise<void> => {
    const { org, runId, isTick, detail } = parseJson(Message, body);
    if (detail)
      await needs.queue.end(parseJson(Input, detail.input).org, detail.name, needs.clock.now().toISOString());
    if (isTick) await sweep(needs);
    if (org && runId) await wakeAgain(org, runId, needs);
    if (await admit(needs)) await nudge({});
  };
}

/** Whoever asks once more has not heard that the slot is there. */
async function wakeAgain(org: string, runId: string, needs: QueueNeeds): Promise<void> {
  const place = await needs.queue.find(org, runId);
  if (place?.state === 'held') await wake(place, needs);
}

export const handler = queue(Env, async (env) =>
  admitting(
    {
      queue: dynamoQueue(env.QUEUE_TABLE),
      tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
      machines: stateMachines(),
      limits: limitsFrom(env.SLOTS, env.SLOTS_PER_ORG),
      clock,
    },
    sqsQueue(env.ADMIT_QUEUE_URL),
  ),
);
