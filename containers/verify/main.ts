import { Verify } from '#core/runs/steps.ts';
import { container } from '../task.ts';
import { Env } from './env.ts';
import { verifier } from './verifier.ts';

await container({
  env: Env,
  output: Verify.output,
  stage: 'verification',
  who: 'verifier',
  work: (task) => verifier(task),
});
