import * as z from 'zod';

export const Env = z.object({
  PROJECTS_TABLE: z.string(),
  ARTIFACTS_BUCKET: z.string(),
  FORGE_SECRET_ARN: z.string(),
});
export type Env = z.infer<typeof Env>;
