import type * as z from 'zod/mini';
import { type ConcludeNeeds, conclude } from '#core/runs/conclude.ts';
import { Escalate } from '#core/runs/steps.ts';
import { ConcludeEnv, concludeNeeds } from '../conclude-needs.ts';
import { task } from '../task.ts';

export const Env = ConcludeEnv;
export type Env = ConcludeEnv;

/** Hands a ticket to a person, or records that it was declined or failed, with the reason. */
export function escalating(needs: ConcludeNeeds) {
  return async ({ status, reason, ...ref }: z.infer<typeof Escalate.input>) => {
    await conclude(ref, { status, reason }, needs);
    return {};
  };
}

export const handler = task(Escalate, Env, async (env) => escalating(concludeNeeds(env)));
