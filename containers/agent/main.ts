import { anthropicModel } from '#adapters/anthropic/model.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoRoutes } from '#adapters/dynamodb/routes.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import { Implement } from '#core/runs/steps.ts';
import { credential } from '../credential.ts';
import { steady, untilAnswered } from '../steady.ts';
import { container } from '../task.ts';
import { engineer } from './engineer.ts';
import { Env } from './env.ts';

await container({
  env: Env,
  output: Implement.output,
  stage: 'implementation',
  who: 'engineer',
  work: (task, env) =>
    engineer(task, async () => {
      const apiKey = await credential(env.MODEL_SECRET_ARN, 'the model', task.signal);
      const { org, id } = task.run;
      const spend = dynamoSpend(env.RUNS_TABLE);
      // What a task before this one asked for and never heard of.
      await untilAnswered(() => spend.abandon(org, id, clock.now()), task.signal);
      const purse = steady(spend.purse(org, id), task.signal);
      const routes = steady(dynamoRoutes(env.RUNS_TABLE), task.signal);
      return anthropicModel({ apiKey, baseUrl: env.MODEL_BASE_URL, clock, purse, routes });
    }),
});
