import * as z from 'zod';
import { STOPS } from '../command.ts';

/** A command as it is sent: the rest of a `Command` stays with whoever waits for it. */
export const Exec = z.object({
  argv: z.array(z.string()).min(1),
  cwd: z.string(),
  limit: z.number().optional(),
  grace: z.number().optional(),
  quiet: z.number().optional(),
  into: z.string().optional(),
  most: z.number().optional(),
  input: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  /** Folders to look for programs in before all others, first one first. */
  preferred: z.array(z.string()),
});
export type Exec = z.infer<typeof Exec>;

/** What came of it. The other side runs what nobody trusts, so it is read as anything from outside. */
export const Done = z.object({
  code: z.number().nullable(),
  timedOut: z.boolean(),
  output: z.string(),
  stdout: z.string(),
  stderr: z.string(),
  seconds: z.number(),
  signal: z.string().optional(),
  stopped: z.enum(STOPS).optional(),
  sha256: z.string().optional(),
});

/** What the hands say of themselves when they come. */
export const About = z.object({ isolated: z.boolean(), fenced: z.boolean() });
