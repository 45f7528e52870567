import { BaseAnthropic } from '@anthropic-ai/sdk/client';
import { Models } from '@anthropic-ai/sdk/resources/models';
import type { Access } from './client.ts';
import { fault } from './faults.ts';
import type { Finding } from './probe.ts';

/** Days before a model's retirement from which somebody should act. */
const NOTICE = 60;
const DAY = 86_400_000;

/** Whether each model is still there, and for how long, as its provider says. */
export async function lifecycle(
  { apiKey, baseUrl }: Access,
  models: readonly string[],
  now: Date,
): Promise<Finding[]> {
  const client = new BaseAnthropic({
    apiKey,
    baseURL: baseUrl,
    maxRetries: 2,
    timeout: 30_000,
    openTelemetry: false,
  });
  const all = new Models(client as never);
  return Promise.all(
    models.map(async (model) => {
      try {
        const { lifecycle: stage, retires_at: at } = await all.retrieve(model);
        const days = at ? Math.floor((Date.parse(at) - now.getTime()) / DAY) : Number.POSITIVE_INFINITY;
        const isGood = stage !== 'retired' && days > NOTICE;
        return {
          check: 'stays',
          isGood,
          detail: `${model} is ${stage}${at ? `, retires on ${at.slice(0, 10)} (in ${days} days)` : ''}`,
        };
      } catch (error) {
        return { check: 'stays', isGood: false, detail: `${model}: ${(fault(error) as Error).message}` };
      }
    }),
  );
}
