import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoBudgets } from '#adapters/dynamodb/budgets.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoPolicies } from '#adapters/dynamodb/policies.ts';
import type { AskNeeds } from '#core/approvals/ask.ts';

/** What putting something before policy and people takes; extend it with the function's own. */
export const AskEnv = z.object({
  APPROVALS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  NOTICES_TABLE: z.string(),
  PEOPLE_TABLE: z.string(),
  POLICIES_TABLE: z.string(),
});
export type AskEnv = z.infer<typeof AskEnv>;

/** The one door's dependencies, wired from the environment. */
export function askingFrom(env: AskEnv, also: { links?: string } = {}): AskNeeds {
  return {
    approvals: dynamoApprovals({
      ...also,
      approvals: env.APPROVALS_TABLE,
      ledger: env.LEDGER_TABLE,
      notices: env.NOTICES_TABLE,
      people: env.PEOPLE_TABLE,
    }),
    people: dynamoPeople(env.PEOPLE_TABLE),
    policies: dynamoPolicies(env.POLICIES_TABLE),
    budgets: dynamoBudgets(env.APPROVALS_TABLE),
    notices: dynamoNotices(env.NOTICES_TABLE),
    clock,
    measure: async () => ({}),
    salt: () => randomBytes(16).toString('hex'),
  };
}
