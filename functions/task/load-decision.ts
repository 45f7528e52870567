import * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoPolicies } from '#adapters/dynamodb/policies.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { type LoadNeeds, loadDecision } from '#core/approvals/load.ts';
import { LoadDecision } from '#core/runs/steps.ts';
import { task } from '../task.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  RUNS_TABLE: z.string(),
  APPROVALS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  PEOPLE_TABLE: z.string(),
  POLICIES_TABLE: z.string(),
});
export type Env = z.infer<typeof Env>;

/** Reads what was decided, from the row and nothing else, and marks it as heard. */
export function loading(needs: LoadNeeds) {
  return (given: z.infer<typeof LoadDecision.input>) => loadDecision(given, needs);
}

export const handler = task(LoadDecision, Env, async (env) =>
  loading({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    runs: dynamoRuns(env.RUNS_TABLE),
    approvals: dynamoApprovals({ approvals: env.APPROVALS_TABLE, ledger: env.LEDGER_TABLE }),
    people: dynamoPeople(env.PEOPLE_TABLE),
    policies: dynamoPolicies(env.POLICIES_TABLE),
    clock,
  }),
);
