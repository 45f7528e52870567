import * as z from 'zod';
import { dynamoIdentities } from '#adapters/dynamodb/identities.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { type ProposeNeeds, proposePlan } from '#core/approvals/propose.ts';
import { ProposePlan } from '#core/runs/steps.ts';
import { AskEnv, askingFrom } from '../asking.ts';
import { task } from '../task.ts';

export const Env = AskEnv.extend({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  RUNS_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  /** Hours that approvers have at most; what policy gives when empty. */
  APPROVAL_TTL_HOURS: z.string().optional(),
});
export type Env = z.infer<typeof Env>;

/** Asks for a decision on a diagnosed ticket's plan, once, and tells every approver. */
export function proposing(needs: ProposeNeeds) {
  return (ref: z.infer<typeof ProposePlan.input>) => proposePlan(ref, needs);
}

export const handler = task(ProposePlan, Env, async (env) =>
  proposing({
    ...askingFrom(env),
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    runs: dynamoRuns(env.RUNS_TABLE),
    projects: dynamoProjects(env.PROJECTS_TABLE),
    identities: dynamoIdentities(env.PEOPLE_TABLE),
    ttlHours: env.APPROVAL_TTL_HOURS ? Number(env.APPROVAL_TTL_HOURS) : undefined,
  }),
);
