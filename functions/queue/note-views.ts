import type { DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import type { Approvals } from '#core/approvals/ports.ts';
import { noteView } from '#core/approvals/viewed.ts';
import { stream } from '../queue.ts';

export const Env = z.object({ APPROVALS_TABLE: z.string(), LEDGER_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

/** Links stream: what the page may only note beside the approvals becomes part of the approval's own story. */
export function notingViews(needs: { approvals: Pick<Approvals, 'find' | 'take'> }) {
  return async ({ dynamodb: { NewImage = {} } = {} }: DynamoDBRecord) => {
    const { org, approvalId, approver, openedAt, hash } = NewImage;
    if (!org?.S || !approvalId?.S || !approver?.S || !openedAt?.S) return;
    const viewing = { org: org.S, approvalId: approvalId.S, by: approver.S, at: openedAt.S };
    await noteView({ ...viewing, linkHash: hash?.S }, needs);
  };
}

export const handler = stream(Env, async (env) =>
  notingViews({ approvals: dynamoApprovals({ approvals: env.APPROVALS_TABLE, ledger: env.LEDGER_TABLE }) }),
);
