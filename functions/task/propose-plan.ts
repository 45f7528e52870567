import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { type ProposeNeeds, proposePlan } from '#core/approvals/propose.ts';
import { ProposePlan } from '#core/runs/steps.ts';
import { task } from '../task.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  RUNS_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  APPROVALS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  NOTICES_TABLE: z.string(),
  /** Hours that approvers have; 72 when empty. */
  APPROVAL_TTL_HOURS: z.string().optional(),
});
export type Env = z.infer<typeof Env>;

/** Asks for a decision on a diagnosed ticket's plan, once, and tells every approver. */
export function proposing(needs: ProposeNeeds) {
  return (ref: z.infer<typeof ProposePlan.input>) => proposePlan(ref, needs);
}

export const handler = task(ProposePlan, Env, async (env) =>
  proposing({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    runs: dynamoRuns(env.RUNS_TABLE),
    projects: dynamoProjects(env.PROJECTS_TABLE),
    approvals: dynamoApprovals({ approvals: env.APPROVALS_TABLE, ledger: env.LEDGER_TABLE }),
    notices: dynamoNotices(env.NOTICES_TABLE),
    clock,
    ttlHours: env.APPROVAL_TTL_HOURS ? Number(env.APPROVAL_TTL_HOURS) : undefined,
    salt: () => randomBytes(16).toString('hex'),
  }),
);
