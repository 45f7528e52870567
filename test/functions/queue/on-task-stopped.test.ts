import type { EventBridgeEvent } from 'aws-lambda';
import { expect, it } from 'vitest';
import { onTaskStopped } from '#functions/queue/on-task-stopped.ts';

const STOPPED = {
  ...{ taskArn: 'arn:task', lastStatus: 'STOPPED', stoppedReason: 'Essential container in task exited' },
  containers: [{ exitCode: 137, reason: 'OutOfMemoryError' }],
  overrides: {
    containerOverrides: [{ name: 'Main', environment: [{ name: 'TASK_TOKEN', value: 'token' }] }],
  },
};

async function failuresFor(detail: unknown): Promise<string[][]> {
  const failures: string[][] = [];
  const tell = onTaskStopped({ fail: async (...said) => Boolean(failures.push(said)) });
  await tell({ detail } as EventBridgeEvent<string, unknown>);
  return failures;
}

it.each([
  [
    'fails the step of a task that stopped',
    STOPPED,
    [['token', 'TaskStopped', 'Essential container in task exited; OutOfMemoryError']],
  ],
  [
    'names the exit code',
    { ...STOPPED, containers: [{ exitCode: 143 }] },
    [['token', 'TaskStopped', 'Essential container in task exited; exit 143']],
  ],
  ['leaves a running task alone', { ...STOPPED, lastStatus: 'RUNNING' }, []],
  [
    'leaves tasks that nobody waits for alone',
    { ...STOPPED, overrides: { containerOverrides: [{ name: 'Main' }] } },
    [],
  ],
])('%s', async (_, detail, failures) => {
  expect(await failuresFor(detail)).toEqual(failures);
});
