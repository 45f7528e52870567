import { anthropicModel } from '#adapters/anthropic/model.ts';
import { clock } from '#adapters/clock.ts';
import { Implement } from '#core/runs/steps.ts';
import { credential } from '../credential.ts';
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
      const apiKey = await credential(env.MODEL_SECRET_ARN, 'the model', task.signal);
      return anthropicModel({ apiKey, baseUrl: env.MODEL_BASE_URL, clock, spend });
    }),
});
