import { Verify } from '#core/runs/steps.ts';
import { container, TaskEnv } from '../task.ts';
import { verifier } from './verifier.ts';

await container({
  env: TaskEnv,
  output: Verify.output,
  stage: 'verification',
  who: 'verifier',
  work: (task) => verifier(task),
});
