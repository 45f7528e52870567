import { afterEach, expect, it } from 'vitest';
import type { CallContext, Integrations } from '#local/states/calls.ts';
import { settled } from '../../support/clock.ts';
import { task, type Workbench, workbench } from './workbench.ts';

let bench: Workbench;
let tokens: string[] = [];
afterEach(async () => {
  tokens = [];
  await bench.close();
});

const keepsToken: Integrations = {
  async 'sqs:sendMessage'(_, { token }: CallContext) {
    tokens.push(token ?? '');
    return { MessageId: 'm' };
  },
};
const waiting = (fields: object = {}) =>
  task('sqs:sendMessage.waitForTaskToken', {
    Arguments: { MessageBody: '{% $states.context.Task.Token %}' },
    ...fields,
  });
const success = (taskToken = tokens.at(-1), output: unknown = 1) =>
  bench.call('SendTaskSuccess', { taskToken, output: JSON.stringify(output) });

it('takes the first of two answers sent at once, and tells the other that it came too late', async () => {
  bench = workbench(keepsToken);
  const executionArn = await bench.start(waiting());
  const answers = await Promise.allSettled([success(undefined, 'first'), success(undefined, 'second')]);
  await settled();

  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect((answers[1] as PromiseRejectedResult).reason.code).toBe('TaskTimedOut');
  const result = await bench.show(executionArn);
  expect(result.output).toBe('first');
  expect(result.history.slice(2, 6)).toEqual([
    '3<2 TaskScheduled',
    '4<3 TaskStarted',
    '5<4 TaskSubmitted',
    '6<5 TaskSucceeded',
  ]);
});

it('fails the task with the error and cause sent', async () => {
  bench = workbench(keepsToken);
  const executionArn = await bench.start(waiting());
  await bench.call('SendTaskFailure', { taskToken: tokens[0], error: 'Declined', cause: 'no' });
  await settled();

  expect(await bench.show(executionArn)).toMatchObject({ status: 'FAILED', error: 'Declined', cause: 'no' });
});

it('tells a token that never was from one that is over', async () => {
  bench = workbench(keepsToken);
  const executionArn = await bench.start(waiting());
  const unknown = `${tokens[0]?.slice(0, -1)}${tokens[0]?.endsWith('A') ? 'B' : 'A'}`;
  await bench.call('StopExecution', { executionArn, error: 'Enough' });

  await expect(success('nonsense')).rejects.toMatchObject({ code: 'InvalidToken' });
  await expect(success(unknown)).rejects.toMatchObject({ code: 'TaskDoesNotExist' });
  await expect(success()).rejects.toMatchObject({ code: 'TaskTimedOut' });
  await expect(bench.call('SendTaskHeartbeat', { taskToken: tokens[0] })).rejects.toMatchObject({
    code: 'TaskTimedOut',
  });
  const output = JSON.stringify('x'.repeat(262_144));
  await expect(bench.call('SendTaskSuccess', { taskToken: tokens[0], output })).rejects.toMatchObject({
    code: 'InvalidOutput',
  });
  await expect(bench.call('SendTaskSuccess', { taskToken: tokens[0], output: '{' })).rejects.toMatchObject({
    code: 'InvalidOutput',
  });
  expect(await bench.show(executionArn)).toMatchObject({ status: 'ABORTED', error: 'Enough' });
});

it('mints a new token for each attempt, and the old one is over', async () => {
  bench = workbench(keepsToken);
  const Retry = [{ ErrorEquals: ['States.Timeout'], MaxAttempts: 1, IntervalSeconds: 1 }];
  const executionArn = await bench.start(waiting({ TimeoutSeconds: 60, Retry }));
  await bench.clock.run(() => tokens.length === 2);

  expect(tokens[0]).not.toBe(tokens[1]);
  await expect(success(tokens[0])).rejects.toMatchObject({ code: 'TaskTimedOut' });
  await success(tokens[1], 'second try');
  await settled();
  expect((await bench.show(executionArn)).output).toBe('second try');
});

it('reports a missed heartbeat as States.Timeout, which either name catches; heartbeats put it off', async () => {
  bench = workbench(keepsToken);
  const started = bench.clock.now();
  const Catch = [
    { ErrorEquals: ['States.HeartbeatTimeout'], Output: '{% $states.errorOutput.Error %}', Next: 'Missed' },
  ];
  const definition = waiting({ HeartbeatSeconds: '{% 10 %}', TimeoutSeconds: 600, Catch }) as {
    States: object;
  };
  const executionArn = await bench.start({
    ...definition,
    States: { ...definition.States, Missed: { Type: 'Pass', End: true } },
  });
  for (const seconds of [9, 18]) {
    bench.clock.moveTo(started + seconds * 1000);
    await bench.call('SendTaskHeartbeat', { taskToken: tokens[0] });
    await settled();
  }
  bench.clock.moveTo(started + 27_900);
  await settled();
  expect((await bench.show(executionArn)).status).toBe('RUNNING');
  bench.clock.moveTo(started + 28_000);
  await settled();

  const result = await bench.show(executionArn);
  expect(result).toMatchObject({ status: 'SUCCEEDED', output: 'States.Timeout' });
  expect(result.events.find(({ type }) => type === 'TaskTimedOut').taskTimedOutEventDetails.error).toBe(
    'States.Timeout',
  );
});

it('lets an acknowledged answer win over a deadline that passes in the same moment', async () => {
  bench = workbench(keepsToken);
  const executionArn = await bench.start(waiting({ TimeoutSeconds: 60 }));
  const sent = success(undefined, 'in time');
  bench.clock.moveTo(bench.clock.now() + 60_000);
  const outcome = await sent.then(
    () => 'acknowledged',
    (error) => error.code,
  );
  await settled();

  const { status, output } = await bench.show(executionArn);
  expect([outcome, status, output]).toEqual(
    outcome === 'acknowledged'
      ? ['acknowledged', 'SUCCEEDED', 'in time']
      : ['TaskTimedOut', 'FAILED', undefined],
  );
});

it('fails at once when what should pass the token on fails', async () => {
  bench = workbench({
    async 'sqs:sendMessage'() {
      throw new Error('no queue');
    },
  });
  const executionArn = await bench.start(waiting({ TimeoutSeconds: 600 }));

  expect(await bench.show(executionArn)).toMatchObject({
    status: 'FAILED',
    error: 'Error',
    cause: 'no queue',
  });
});

it('takes an answer that comes before the call has returned', async () => {
  bench = workbench({
    async 'lambda:invoke'(_, { token }) {
      await bench.call('SendTaskSuccess', { taskToken: token, output: '"early"' });
      return { Payload: null };
    },
  });
  const executionArn = await bench.start(task('lambda:invoke.waitForTaskToken', { Arguments: {} }));

  expect((await bench.show(executionArn)).output).toBe('early');
});
