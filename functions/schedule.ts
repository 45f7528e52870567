import middy from '@middy/core';
import type * as z from 'zod/mini';
import { once } from './once.ts';

interface Tick {
  time?: string;
}

/** Wraps every function in `schedule/`: `now` is the schedule's own time, so that a late or repeated tick does the same. */
export function schedule<Env>(
  env: z.core.$ZodType<Env>,
  wire: (env: Env) => Promise<(now: Date) => Promise<void>>,
) {
  const run = once(env, wire);
  return middy<Tick, void>().handler(async ({ time }) => (await run())(time ? new Date(time) : new Date()));
}
