import { afterEach, expect, it } from 'vitest';
import { AwsError, FunctionError } from '#local/aws/service.ts';
import { task, type Workbench, workbench } from './workbench.ts';

let bench: Workbench;
afterEach(() => bench.close());

const pass = (fields: object = {}) => ({ Type: 'Pass', End: true, ...fields });
const one = (state: object) => ({ StartAt: 'Only', States: { Only: state } });

it('retries with growing, capped delays, then catches with what the last attempt said', async () => {
  const at: number[] = [];
  bench = workbench({
    async 'lambda:invoke'() {
      at.push(bench.clock.now());
      throw new FunctionError('Unavailable', `attempt ${at.length}`);
    },
  });
  const result = await bench.run({
    StartAt: 'Work',
    States: {
      Work: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Arguments: { FunctionName: 'f', Payload: '{% $states.context.State.RetryCount %}' },
        Retry: [{ ErrorEquals: ['Unavailable'], IntervalSeconds: 2, BackoffRate: 3, MaxDelaySeconds: 10 }],
        Catch: [
          {
            ErrorEquals: ['States.TaskFailed'],
            Assign: { why: '{% $parse($states.errorOutput.Cause).errorMessage %}' },
            Next: 'After',
          },
        ],
        End: true,
      },
      After: pass({ Output: '{% $why %}' }),
    },
  });

  expect(result.output).toBe('attempt 4');
  expect(at.slice(1).map((time, index) => time - (at[index] ?? 0))).toEqual([2000, 6000, 10_000]);
  expect(
    result.events
      .filter(({ type }) => type === 'TaskScheduled')
      .map(({ taskScheduledEventDetails }) => JSON.parse(taskScheduledEventDetails.parameters).Payload),
  ).toEqual([0, 1, 2, 3]);
});

it('names errors of services as AWS does', async () => {
  bench = workbench({
    async 'ecs:runTask'() {
      throw new AwsError('ClusterNotFoundException', 'Cluster not found.');
    },
  });
  const result = await bench.run(task('ecs:runTask', { Arguments: {} }));

  expect(result).toMatchObject({ status: 'FAILED', error: 'ECS.ClusterNotFoundException' });
  expect(result.cause).toMatch(
    /^Cluster not found\. \(Service: AmazonECS; Status Code: 400; Error Code: ClusterNotFoundException; Request ID: /,
  );
});

it('lets States.ALL catch neither a result that is too large nor States.Runtime', async () => {
  bench = workbench({
    async 'lambda:invoke'() {
      return { Payload: 'x'.repeat(262_144) };
    },
  });
  const Catch = [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }];
  const definition = {
    StartAt: 'Work',
    States: {
      Work: { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: {}, Catch, End: true },
      Caught: pass(),
    },
  };

  expect(await bench.run(definition)).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
});

it('cuts off the other branches when one fails, and says so', async () => {
  const aborted: string[] = [];
  bench = workbench({
    'lambda:invoke': (_, { signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          aborted.push('call');
          resolve(undefined);
        });
      }),
  });
  const branch = (state: object) => ({ StartAt: 'Inner', States: { Inner: state } });
  const result = await bench.run({
    StartAt: 'Both',
    States: {
      Both: {
        Type: 'Parallel',
        Branches: [
          branch({ Type: 'Wait', Seconds: 100, End: true }),
          branch({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: {}, End: true }),
          {
            StartAt: 'Soon',
            States: {
              Soon: { Type: 'Wait', Seconds: 5, Next: 'Break' },
              Break: { Type: 'Fail', Error: 'Broken' },
            },
          },
        ],
        Catch: [{ ErrorEquals: ['Broken'], Output: '{% $states.errorOutput.Error %}', Next: 'After' }],
        End: true,
      },
      After: pass(),
    },
  });

  expect(result.output).toBe('Broken');
  expect(aborted).toEqual(['call']);
  expect(result.history.slice(-8)).toEqual([
    '10<9 FailStateEntered',
    '11<10 WaitStateAborted',
    '12<10 TaskStateAborted',
    '13<10 ParallelStateFailed',
    '14<13 ParallelStateExited',
    '15<14 PassStateEntered',
    '16<15 PassStateExited',
    '17<16 ExecutionSucceeded',
  ]);
  expect(bench.store.sql('SELECT count(*) AS n FROM states_timers').get()?.n).toBe(0);
});

it('runs no more iterations at once than it may, and keeps their order', async () => {
  let running = 0;
  let most = 0;
  bench = workbench({
    async 'lambda:invoke'({ Payload }) {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => {
        bench.clock.at(bench.clock.now() + (10 - Payload) * 1000, () => resolve(undefined));
      });
      running -= 1;
      return { Payload: Payload * 10 };
    },
  });
  const result = await bench.run(
    one({
      Type: 'Map',
      Items: '{% [1..7] %}',
      MaxConcurrency: '{% $states.input.limit %}',
      ItemProcessor: task('lambda:invoke', {
        Arguments: { FunctionName: 'f', Payload: '{% $states.input %}' },
        Output: '{% $states.result.Payload + $states.context.Map.Item.Index %}',
      }),
      End: true,
    }),
    { limit: 3 },
  );

  expect(result.output).toEqual([10, 21, 32, 43, 54, 65, 76]);
  expect(most).toBe(3);
});

it('tolerates as many failed iterations as the Map says, and no more', async () => {
  bench = workbench();
  const map = (ToleratedFailureCount: number) =>
    one({
      Type: 'Map',
      Items: [1, 2, 3, 4],
      ToleratedFailureCount,
      ItemProcessor: {
        StartAt: 'Even',
        States: {
          Even: {
            Type: 'Choice',
            Choices: [{ Condition: '{% $states.input % 2 = 0 %}', Next: 'Fine' }],
            Default: 'Odd',
          },
          Fine: pass(),
          Odd: { Type: 'Fail', Error: 'Odd' },
        },
      },
      End: true,
    });

  expect((await bench.run(map(2))).output).toEqual([2, 4]);
  expect(await bench.run(map(1))).toMatchObject({ status: 'FAILED', error: 'Odd' });
});

it('runs what a file lists as executions of their own, each given what the Map selects, and tolerates a share of failures', async () => {
  const asked: unknown[] = [];
  bench = workbench({
    async 's3:getObject'(input) {
      asked.push(input);
      return { Body: '[1,2,3,4]' };
    },
  });
  const map = (ToleratedFailurePercentage: number) =>
    one({
      Type: 'Map',
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSON' },
        Arguments: { Bucket: 'lists', Key: '{% $states.input.key %}' },
      },
      ItemSelector: {
        value: '{% $states.context.Map.Item.Value %}',
        by: '{% $states.context.Execution.Name %}',
      },
      Label: 'Numbers',
      MaxConcurrency: 2,
      ToleratedFailurePercentage,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: 'Even',
        States: {
          Even: {
            Type: 'Choice',
            Choices: [{ Condition: '{% $not($states.input.value % 2 = 0) %}', Next: 'Odd' }],
            Default: 'Fine',
          },
          Fine: pass({ Output: '{% $states.input.value %}' }),
          Odd: { Type: 'Fail', Error: 'Odd' },
        },
      },
      Output: '{% { "count": $count($states.result), "of": $states.result } %}',
      End: true,
    });

  const tolerated = await bench.run(map(50), { key: 'four.json' });

  expect(tolerated.output).toEqual({ count: 2, of: [2, 4] });
  expect(asked).toEqual([{ Bucket: 'lists', Key: 'four.json' }]);
  expect(
    tolerated.events.find(({ type }) => type === 'MapRunStarted').mapRunStartedEventDetails.mapRunArn,
  ).toContain('/Numbers:');
  expect(await bench.run(map(49), { key: 'four.json' })).toMatchObject({
    status: 'FAILED',
    error: 'States.ExceedToleratedFailureThreshold',
  });
});

it('shows outer variables inside, and forgets inner ones outside', async () => {
  bench = workbench();
  const inner = {
    StartAt: 'Set',
    States: {
      Set: { Type: 'Pass', Assign: { inside: '{% $outside + $states.input %}' }, Next: 'Use' },
      Use: pass({ Output: '{% $inside %}' }),
    },
  };
  const result = await bench.run({
    StartAt: 'Begin',
    States: {
      Begin: { Type: 'Pass', Assign: { outside: 100 }, Output: [1, 2], Next: 'Each' },
      Each: { Type: 'Map', ItemProcessor: inner, Next: 'End' },
      End: pass({ Output: { sums: '{% $states.input %}', inside: '{% $exists($inside) %}' } }),
    },
  });

  expect(result.output).toEqual({ sums: [101, 102], inside: false });
});

it('assigns from the values before the state, output and variables alike', async () => {
  bench = workbench();
  const result = await bench.run({
    StartAt: 'First',
    States: {
      First: { Type: 'Pass', Assign: { a: 1, b: 2 }, Next: 'Swap' },
      Swap: { Type: 'Pass', Assign: { a: '{% $b %}', b: '{% $a %}' }, Output: '{% $a %}', Next: 'Last' },
      Last: pass({ Output: '{% [$states.input, $a, $b] %}' }),
    },
  });

  expect(result.output).toEqual([1, 2, 1]);
});

it("knows Step Functions' own functions, and no $eval", async () => {
  bench = workbench();
  const ask = async (expression: string) =>
    (await bench.run(one(pass({ Output: `{% ${expression} %}` })))) as { output?: unknown; cause?: string };

  expect((await ask('$partition([1..5], 2)')).output).toEqual([[1, 2], [3, 4], [5]]);
  expect((await ask('$range(10, 1, -3)')).output).toEqual([10, 7, 4, 1]);
  expect((await ask("$hash('a', 'SHA-1')")).output).toBe('86f7e437faa5a7fce15d1ddcb9eaeaea377667b8');
  expect((await ask('$random(7) = $random(7) and $random() != $random()')).output).toBe(true);
  expect((await ask('$uuid()')).output).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  expect((await ask('$parse(\'{"a": [1]}\').a')).output).toEqual([1]);
  expect((await ask('$now()')).output).toBe(new Date(bench.clock.now()).toISOString());
  expect((await ask("$eval('1')")).cause).toContain('T1006: Attempted to invoke a non-function');
});

it('says so when no choice matches', async () => {
  bench = workbench();
  const result = await bench.run({
    StartAt: 'Only',
    States: {
      Only: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'Never' }] },
      Never: pass(),
    },
  });

  expect(result).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
});

it('ends an execution when its machine has no more time', async () => {
  bench = workbench();
  const result = await bench.run({ TimeoutSeconds: 60, ...one({ Type: 'Wait', Seconds: 3600, End: true }) });

  expect(result.status).toBe('TIMED_OUT');
  expect(bench.clock.now()).toBe((bench.changes[0]?.startDate as number) + 60_000);
  expect(result.history.slice(-2)).toEqual(['3<2 WaitStateAborted', '4<2 ExecutionTimedOut']);
});

it('waits years without firing early', async () => {
  bench = workbench();
  const result = await bench.run(one({ Type: 'Wait', Timestamp: '2031-01-01T00:00:00Z', End: true }));

  expect(result.status).toBe('SUCCEEDED');
  expect(new Date(bench.clock.now()).toISOString()).toBe('2031-01-01T00:00:00.000Z');
});

it('ends a loop that never waits where AWS does', { timeout: 20_000 }, async () => {
  bench = workbench();
  const executionArn = await bench.start({
    StartAt: 'A',
    States: {
      A: { Type: 'Pass', Next: 'B' },
      B: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'A' }], Default: 'End' },
      End: pass(),
    },
  });
  while ((await bench.call('DescribeExecution', { executionArn })).status === 'RUNNING')
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });

  const { events } = await bench.call('GetExecutionHistory', {
    executionArn,
    reverseOrder: true,
    maxResults: 1,
  });
  expect(events[0]).toMatchObject({ id: 25_000, type: 'ExecutionFailed' });
});

it('starts another machine and waits for its end', async () => {
  bench = workbench();
  const child = await bench.start(
    one({ Type: 'Wait', Seconds: 30, Output: { doubled: '{% $states.input.n * 2 %}' }, End: true }),
    { n: 1 },
  );
  const StateMachineArn = (await bench.call('DescribeExecution', { executionArn: child })).stateMachineArn;
  const Arguments = { StateMachineArn, Input: { n: 21 } };

  const waited = await bench.run(
    task('states:startExecution.sync:2', { Arguments, Output: '{% $states.result.Output %}' }),
  );
  expect(waited.output).toEqual({ doubled: 42 });
  expect(waited.events.map(({ type }) => type)).toContain('TaskSubmitted');
  const started = await bench.run(task('states:startExecution', { Arguments }));
  expect(started.output).toHaveProperty('ExecutionArn');
});

it('words a failure as our machines do, and waits for the token that a container was given', async () => {
  let token = '';
  bench = workbench({
    async 'ecs:runTask'(_, context) {
      token = context.token ?? '';
      return { Tasks: [] };
    },
  });
  const why = "{% $substring($join([$states.errorOutput.Error, $states.errorOutput.Cause], ': '), 0, 9) %}";
  const executionArn = await bench.start({
    StartAt: 'Work',
    States: {
      Work: {
        Type: 'Task',
        Resource: 'arn:aws:states:::ecs:runTask.waitForTaskToken',
        Arguments: { Cluster: 'c', TaskDefinition: 't' },
        Catch: [{ ErrorEquals: ['States.ALL'], Assign: { why }, Next: 'After' }],
        End: true,
      },
      After: pass({ Output: '{% $why %}' }),
    },
  });
  await bench.call('SendTaskFailure', { taskToken: token, error: 'Stopped', cause: 'out of memory' });
  await bench.clock.run(() => bench.changes.at(-1)?.status !== 'RUNNING');

  expect((await bench.show(executionArn)).output).toBe('Stopped: ');
});
