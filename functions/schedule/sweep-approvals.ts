import * as z from 'zod';
import { stateMachines } from '#adapters/aws/machines.ts';
import { dynamoWaits } from '#adapters/dynamodb/approval-waits.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { sweep } from '#core/approvals/sweep.ts';
import { schedule } from '../schedule.ts';

export const Env = z.object({
  APPROVALS_TABLE: z.string(),
  APPROVAL_WAITS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  RUNS_TABLE: z.string(),
  PEOPLE_TABLE: z.string(),
  NOTICES_TABLE: z.string(),
});
export type Env = z.infer<typeof Env>;

/** Every minute: what time does to approvals, in every organization. */
export const handler = schedule(Env, async (env) => {
  const needs = {
    approvals: dynamoApprovals({ approvals: env.APPROVALS_TABLE, ledger: env.LEDGER_TABLE }),
    waits: dynamoWaits(env.APPROVAL_WAITS_TABLE),
    runs: dynamoRuns(env.RUNS_TABLE),
    people: dynamoPeople(env.PEOPLE_TABLE),
    notices: dynamoNotices(env.NOTICES_TABLE),
    machines: stateMachines(),
  };
  return (now) => sweep({ ...needs, clock: { now: () => now } });
});
