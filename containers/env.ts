import * as z from 'zod';

/** What the task definition of every container of a run says. */
export const TaskEnv = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string().optional(),
  RUNS_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  ARTIFACTS_BUCKET: z.string(),
  FORGE_SECRET_ARN: z.string(),
  /** Who commits; by default `Signalbox <signalbox@localhost>`. */
  COMMIT_NAME: z.string().optional(),
  COMMIT_EMAIL: z.string().optional(),
  HEARTBEAT_SECONDS: z.string().regex(/^\d+$/).optional(),
});
export type TaskEnv = z.infer<typeof TaskEnv>;

/** What starting a task adds: which run, and the token that the state machine waits with. */
export const Assignment = z.object({
  ORG: z.string().min(1),
  TICKET_ID: z.string().min(1),
  RUN_ID: z.string().min(1),
  TASK_TOKEN: z.string().min(1),
});
export type Assignment = z.infer<typeof Assignment>;
