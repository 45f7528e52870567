import * as z from 'zod';
import { sqsQueue } from '#adapters/aws/queue.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoWaits } from '#adapters/dynamodb/approval-waits.ts';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import type { Waits } from '#core/approvals/ports.ts';
import type { Clock } from '#core/ports.ts';
import type { Queue } from '#core/queue/ports.ts';
import { AwaitDecision } from '#core/runs/steps.ts';
import type { Nudge } from '../queue/admit.ts';
import { task } from '../task.ts';

export const Env = z.object({
  APPROVAL_WAITS_TABLE: z.string(),
  QUEUE_TABLE: z.string(),
  ADMIT_QUEUE_URL: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  waits: Waits;
  queue: Pick<Queue, 'leave'>;
  nudge: (nudge: Nudge) => Promise<void>;
  clock: Clock;
}

/**
 * Gives the slot back, then puts the task token where only the dispatcher reads it: the other way round, a quick decision
 * could have its next slot taken away. If the decision is there already, the row's stream sends it.
 */
export function awaiting({ waits, queue, nudge, clock }: Needs) {
  return async ({
    org,
    runId,
    approvalId,
    token,
    executionArn,
    slot,
  }: z.infer<typeof AwaitDecision.input>) => {
    const isFree = await queue.leave(org, runId, { grant: slot, at: clock.now().toISOString() });
    if (isFree) await nudge({});
    await waits.register({ org, approvalId, token, executionArn });
    return {};
  };
}

export const handler = task(AwaitDecision, Env, async (env) =>
  awaiting({
    waits: dynamoWaits(env.APPROVAL_WAITS_TABLE),
    queue: dynamoQueue(env.QUEUE_TABLE),
    nudge: sqsQueue(env.ADMIT_QUEUE_URL),
    clock,
  }),
);
