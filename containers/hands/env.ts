import * as z from 'zod';

/** Nothing here leads to a credential: the task has no role. */
export const Env = z.object({});
export type Env = z.infer<typeof Env>;

/** What starting the task adds: who is waiting for it. */
export const Call = z.object({
  BRAIN_HOST: z.string(),
  BRAIN_PORT: z.coerce.number().int(),
  BRAIN_TOKEN: z.string().length(64),
  /** The brain's folder: paths are the same on both sides. */
  FOLDER: z.string().startsWith('/'),
});
