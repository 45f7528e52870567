import * as z from 'zod';

export const Env = z.object({
  PROJECTS_TABLE: z.string(),
  ARTIFACTS_BUCKET: z.string(),
  FORGE_SECRET_ARN: z.string(),
  LEASES_TABLE: z.string(),
  CREDENTIALS_PREFIX: z.string(),
  HEARTBEAT_SECONDS: z.string().regex(/^\d+$/).optional(),
});
export type Env = z.infer<typeof Env>;

/** What starting a task adds: which tap, and the token that the state machine waits with. */
export const Assignment = z.object({
  ORG: z.string().min(1),
  PROJECT_ID: z.string().min(1),
  REPOSITORY: z.string().min(1),
  TASK_TOKEN: z.string().min(1),
});
export type Assignment = z.infer<typeof Assignment>;
