import * as z from 'zod';
import { dynamoWaits } from '#adapters/dynamodb/approval-waits.ts';
import type { Waits } from '#core/approvals/ports.ts';
import { AwaitDecision } from '#core/runs/steps.ts';
import { task } from '../task.ts';

export const Env = z.object({ APPROVAL_WAITS_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

/** Puts the task token where only the dispatcher reads it. If the decision is there already, the row's stream sends it. */
export function awaiting(waits: Waits) {
  return async ({ org, approvalId, token, executionArn }: z.infer<typeof AwaitDecision.input>) => {
    await waits.register({ org, approvalId, token, executionArn });
    return {};
  };
}

export const handler = task(AwaitDecision, Env, async (env) =>
  awaiting(dynamoWaits(env.APPROVAL_WAITS_TABLE)),
);
