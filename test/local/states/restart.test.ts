import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { Integrations } from '#local/states/calls.ts';
import { states } from '#local/states/states.ts';
import { openStore } from '#local/store.ts';
import { settled, virtualClock } from '../../support/clock.ts';
import { task, type Workbench, workbench } from './workbench.ts';

const folders: string[] = [];
const folder = () => folders[folders.push(mkdtempSync(join(tmpdir(), 'restart-'))) - 1] as string;
let open: Workbench | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
  for (const one of folders.splice(0)) rmSync(one, { recursive: true, force: true });
});

const lambda = (name: string, fields: object) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: name, Payload: '{% $states.input %}' },
  Output: '{% $states.result.Payload %}',
  ...fields,
});

/** Tasks in sequence, in a Map and in branches, a retry, a wait, a token: everything that can be cut through. */
const everything = {
  QueryLanguage: 'JSONata',
  StartAt: 'first',
  States: {
    first: lambda('first', { Next: 'Each' }),
    Each: {
      Type: 'Map',
      Items: [1, 2],
      MaxConcurrency: 1,
      ItemProcessor: { StartAt: 'each', States: { each: lambda('each', { End: true }) } },
      Assign: { sum: '{% $sum($states.result) %}' },
      Next: 'Sleep',
    },
    Sleep: { Type: 'Wait', Seconds: 86_400, Next: 'flaky' },
    flaky: lambda('flaky', { Retry: [{ ErrorEquals: ['Flaky'], IntervalSeconds: 5 }], Next: 'Both' }),
    Both: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'left', States: { left: lambda('left', { End: true }) } },
        {
          StartAt: 'ask',
          States: {
            ask: {
              Type: 'Task',
              Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
              Arguments: { MessageBody: '{% $states.context.Task.Token %}' },
              TimeoutSeconds: 3600,
              End: true,
            },
          },
        },
      ],
      Output: '{% [$sum, $states.result] %}',
      End: true,
    },
  },
};

/** Calls by name, and the integrations that note them; the message's receiver answers its token a minute later. */
function world(clock: ReturnType<typeof virtualClock>, answerToken: (token: string) => void) {
  const calls: string[] = [];
  const integrations: Integrations = {
    async 'lambda:invoke'({ FunctionName, Payload }) {
      calls.push(FunctionName === 'each' ? `each ${Payload}` : FunctionName);
      if (FunctionName === 'flaky' && calls.filter((name) => name === 'flaky').length === 1)
        throw Object.assign(new Error('once'), { name: 'Flaky' });
      return { Payload: FunctionName === 'each' ? Payload * 10 : FunctionName };
    },
    async 'sqs:sendMessage'({ MessageBody }) {
      calls.push('ask');
      clock.at(clock.now() + 60_000, () => answerToken(MessageBody));
      return {};
    },
  };
  return { calls, integrations };
}

async function finish(at: string, clock: ReturnType<typeof virtualClock>) {
  let isDone = false;
  const store = openStore(at);
  const { calls, integrations } = world(clock, (taskToken) => {
    void Promise.resolve(
      service.operations.SendTaskSuccess?.({ taskToken, output: '"yes"' }, { signal: AbortSignal.any([]) }),
    ).catch(() => {});
  });
  const service = states({
    store,
    clock,
    integrations,
    onStatus: ({ status }) => {
      isDone = status !== 'RUNNING';
    },
  });
  const exited = new Set(
    store
      .sql('SELECT events FROM states_history')
      .all()
      .flatMap(({ events }) => JSON.parse(events as string))
      .filter(({ type }) => type === 'TaskSucceeded')
      .map(({ taskSucceededEventDetails }) => JSON.parse(taskSucceededEventDetails.output)?.Payload),
  );
  service.resume();
  // A token given out before the crash is answered all the same.
  for (const { token } of store.sql("SELECT token FROM states_tokens WHERE state='open'").all()) {
    await settled();
    if (!calls.includes('ask'))
      await service.operations.SendTaskSuccess?.(
        { taskToken: token, output: '"yes"' },
        { signal: AbortSignal.any([]) },
      );
  }
  await clock.run(() => isDone);
  const row = store.sql('SELECT status, output FROM states_executions').get();
  const pending = store.sql('SELECT count(*) AS n FROM states_pending').get()?.n;
  await service.stop();
  store.close();
  return { calls, exited, row, pending };
}

it('goes on from every durable moment of an execution, repeating at most what was in flight', {
  timeout: 60_000,
}, async () => {
  const origin = folder();
  const clock = virtualClock();
  const moments: { folder: string; now: number }[] = [];
  const store = openStore(origin, {
    onCommit(moment) {
      if (moment !== 'after') return;
      const copy = folder();
      cpSync(origin, copy, { recursive: true });
      moments.push({ folder: copy, now: clock.now() });
    },
  });
  let isDone = false;
  const { integrations } = world(
    clock,
    (taskToken) =>
      void service.operations.SendTaskSuccess?.(
        { taskToken, output: '"yes"' },
        { signal: AbortSignal.any([]) },
      ),
  );
  const service = states({
    store,
    clock,
    integrations,
    onStatus: ({ status }) => {
      isDone = status !== 'RUNNING';
    },
  });
  const call = { signal: AbortSignal.any([]) };
  const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:everything';
  service.define(stateMachineArn, { DefinitionString: JSON.stringify(everything), RoleArn: 'r' });
  await service.operations.StartExecution?.({ stateMachineArn, name: 'one' }, call);
  await clock.run(() => isDone);
  const expected = store.sql('SELECT status, output FROM states_executions').get();
  await service.stop();
  store.close();
  expect(expected).toEqual({ status: 'SUCCEEDED', output: '[30,"left","yes"]' });

  const begun = moments.findIndex(({ folder }) => hasExecution(folder));
  expect(moments.length - begun).toBeGreaterThanOrEqual(12);
  for (const moment of moments.slice(begun)) {
    const result = await finish(moment.folder, virtualClock(moment.now));
    expect(result.row).toEqual(expected);
    expect(result.pending).toBe(0);
    for (const name of ['first', 'left'])
      if (result.exited.has(name)) expect(result.calls).not.toContain(name);
    for (const item of [1, 2])
      if (result.exited.has(item * 10)) expect(result.calls).not.toContain(`each ${item}`);
    expect(
      Math.max(
        ...Object.values(Object.groupBy(result.calls, (name) => name)).map((all) => all?.length ?? 0),
        0,
      ),
    ).toBeLessThanOrEqual(2);
  }
});

function hasExecution(at: string): boolean {
  const store = openStore(at);
  const tables = store.sql("SELECT count(*) AS n FROM sqlite_master WHERE name='states_executions'").get()?.n;
  const count = tables ? store.sql('SELECT count(*) AS n FROM states_executions').get()?.n : 0;
  store.close();
  return Number(count) > 0;
}

it('restarts a thousand waiting executions without reading one', { timeout: 20_000 }, async () => {
  const tokens = new Map<string, string>();
  const first = workbench({
    async 'sqs:sendMessage'({ n }, { token }) {
      tokens.set(n, token ?? '');
      return {};
    },
  });
  const definition = task('sqs:sendMessage.waitForTaskToken', {
    Arguments: { n: '{% $states.input.n %}' },
    TimeoutSeconds: 3600,
  });
  const { stateMachineArn } = await first.call('DescribeExecution', {
    executionArn: await first.start(definition, { n: 'zero' }),
  });
  await Promise.all(
    Array.from({ length: 1000 }, (_, n) =>
      first.call('StartExecution', { stateMachineArn, name: `n${n}`, input: JSON.stringify({ n: `n${n}` }) }),
    ),
  );
  while (tokens.size < 1001) await settled();
  await settled();

  const before = process.memoryUsage().heapUsed;
  const second = await first.reopen();
  open = second;
  second.states.resume();
  await settled();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20_000_000);

  await second.call('SendTaskSuccess', { taskToken: tokens.get('n500'), output: '"late but fine"' });
  await settled();
  const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:n500`;
  expect((await second.show(executionArn)).output).toBe('late but fine');
  await second.clock.run(() => second.changes.length === 1001);
  const { executions } = await second.call('ListExecutions', {
    stateMachineArn,
    statusFilter: 'FAILED',
    maxResults: 1000,
  });
  expect(executions).toHaveLength(1000);
});
