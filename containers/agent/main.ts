import { anthropicModel } from '#adapters/anthropic/model.ts';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { Implement } from '#core/runs/steps.ts';
import { untilAnswered } from '../steady.ts';
import { container } from '../task.ts';
import { engineer } from './engineer.ts';
import { Env } from './env.ts';

await container({
  env: Env,
  output: Implement.output,
  stage: 'implementation',
  who: 'engineer',
  work: (task, env) =>
    engineer(task, async (spend) => {
      const apiKey = await untilAnswered(() => secret(env.MODEL_SECRET_ARN), task.signal);
      return anthropicModel({ apiKey, baseUrl: env.MODEL_BASE_URL, clock, spend });
    }),
});
