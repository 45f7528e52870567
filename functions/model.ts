import * as z from 'zod/mini';
import { anthropicModel } from '#adapters/anthropic/model.ts';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import type { Model } from '#core/agents/model.ts';
import type { Spend } from '#core/agents/spend.ts';
import { Fault } from '#core/fault.ts';
import type { RunRef } from '#core/runs/steps.ts';

/** What a function needs to ask a model; extend it with the function's own. */
export const ModelEnv = z.object({ MODEL_BASE_URL: z.string(), MODEL_SECRET_ARN: z.string() });
export type ModelEnv = z.infer<typeof ModelEnv>;

/** The model of one run, or none when the organization has no key: the product then works by rules. */
export type ModelOf = (ref: RunRef) => Promise<Model | undefined>;

/** Every attempt at the provider is paid for by the run. The key is read at most once while the function stays warm. */
export function modelFrom(env: ModelEnv, spend: Pick<Spend, 'purse'>): ModelOf {
  let known: string | undefined;
  return async ({ org, runId }) => {
    known ??= await keyOf(env.MODEL_SECRET_ARN);
    if (!known) return undefined;
    const purse = spend.purse(org, runId);
    return anthropicModel({ apiKey: known, baseUrl: env.MODEL_BASE_URL, clock, purse });
  };
}

async function keyOf(arn: string): Promise<string | undefined> {
  try {
    return (await secret(arn)).trim() || undefined;
  } catch (error) {
    const isEmpty = error instanceof Fault || (error as Error).name === 'ResourceNotFoundException';
    if (!isEmpty) throw error;
    return undefined;
  }
}
