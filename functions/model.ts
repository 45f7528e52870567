import * as z from 'zod/mini';
import { anthropicModel } from '#adapters/anthropic/model.ts';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoRoutes } from '#adapters/dynamodb/routes.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import type { Model } from '#core/agents/model.ts';
import { Fault } from '#core/fault.ts';
import type { RunRef } from '#core/runs/steps.ts';

/** What a function needs to ask a model; extend it with the function's own. */
export const ModelEnv = z.object({
  MODEL_BASE_URL: z.string(),
  MODEL_SECRET_ARN: z.string(),
  RUNS_TABLE: z.string(),
});
export type ModelEnv = z.infer<typeof ModelEnv>;

/** The model of one run, or none when the organization has no key: the product then works by rules. */
export type ModelOf = (ref: RunRef) => Promise<Model | undefined>;

/** Every attempt at the provider is paid for by the run. The key is read at most once while the function stays warm. */
export function modelFrom(env: ModelEnv): ModelOf {
  const spend = dynamoSpend(env.RUNS_TABLE);
  const routes = dynamoRoutes(env.RUNS_TABLE);
  let known: string | undefined;
  return async ({ org, runId }) => {
    known ??= await keyOf(env.MODEL_SECRET_ARN);
    if (!known) return undefined;
    const purse = spend.purse(org, runId);
    return anthropicModel({ apiKey: known, baseUrl: env.MODEL_BASE_URL, clock, purse, routes });
  };
}

/** What the model secret holds; undefined when nobody has put anything into it. */
export async function keyOf(arn: string): Promise<string | undefined> {
  try {
    return (await secret(arn)).trim() || undefined;
  } catch (error) {
    const isEmpty = error instanceof Fault || (error as Error).name === 'ResourceNotFoundException';
    if (!isEmpty) throw error;
    return undefined;
  }
}
