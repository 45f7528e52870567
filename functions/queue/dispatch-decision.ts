import type { DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import { stateMachines } from '#adapters/aws/machines.ts';
import { sqsQueue } from '#adapters/aws/queue.ts';
import { dynamoWaits } from '#adapters/dynamodb/approval-waits.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { type DispatchNeeds, wake } from '#core/approvals/dispatch.ts';
import { isOurs } from '#core/approvals/ours.ts';
import { stream } from '../queue.ts';
import type { ToCarryOut } from './carry-out-action.ts';

export const Env = z.object({
  APPROVALS_TABLE: z.string(),
  APPROVAL_WAITS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  CARRY_OUT_QUEUE_URL: z.url(),
});
export type Env = z.infer<typeof Env>;

/**
 * Streams of approvals and of waits: a decision, or a machine that begins to wait for one that is there, wakes the machine.
 * What the platform itself carries out goes to a queue.
 */
export function dispatching(needs: DispatchNeeds & { carryOut?: (action: ToCarryOut) => Promise<void> }) {
  return async (record: DynamoDBRecord) => {
    const named = settled(record);
    if (named) await wake(named.org, named.id, needs);
    const ours = approvedForUs(record);
    if (ours) await needs.carryOut?.(ours);
  };
}

/** The action that a record says was approved just now, if the platform itself carries it out. */
function approvedForUs({ dynamodb }: DynamoDBRecord): ToCarryOut | undefined {
  const { org, id, type, runId, status } = dynamodb?.NewImage ?? {};
  if (status?.S !== 'APPROVED' || !org?.S || !id?.S) return undefined;
  return isOurs({ type: type?.S ?? '', runId: runId?.S }) ? { org: org.S, id: id.S } : undefined;
}

/** The approval that a record is about, if it may have to wake a machine. The row itself is read again. */
function settled({ dynamodb }: DynamoDBRecord): { org: string; id: string } | undefined {
  const { org, id, approvalId, taskToken, resume } = dynamodb?.NewImage ?? {};
  const name = taskToken ? approvalId?.S : resume?.S === 'PENDING' ? id?.S : undefined;
  return org?.S && name ? { org: org.S, id: name } : undefined;
}

export const handler = stream(Env, async (env) =>
  dispatching({
    approvals: dynamoApprovals({ approvals: env.APPROVALS_TABLE, ledger: env.LEDGER_TABLE }),
    waits: dynamoWaits(env.APPROVAL_WAITS_TABLE),
    machines: stateMachines(),
    carryOut: sqsQueue<ToCarryOut>(env.CARRY_OUT_QUEUE_URL),
  }),
);
