import * as z from 'zod/mini';
import { clock } from '#adapters/clock.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import type { ConcludeNeeds } from '#core/runs/conclude.ts';

/** What a function needs to end a ticket and tell its people. `ADMIN_EMAIL` hears of tickets that belong to no project. */
export const ConcludeEnv = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  RUNS_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  NOTICES_TABLE: z.string(),
  PUBLIC_URL: z.string(),
  ADMIN_EMAIL: z.optional(z.string()),
});
export type ConcludeEnv = z.infer<typeof ConcludeEnv>;

export function concludeNeeds(env: ConcludeEnv): ConcludeNeeds {
  return {
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    runs: dynamoRuns(env.RUNS_TABLE),
    projects: dynamoProjects(env.PROJECTS_TABLE),
    notices: dynamoNotices(env.NOTICES_TABLE),
    clock,
    publicUrl: env.PUBLIC_URL,
    adminEmail: env.ADMIN_EMAIL || undefined,
  };
}
