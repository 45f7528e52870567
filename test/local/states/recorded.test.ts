import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AwsError, FunctionError } from '#local/aws/service.ts';
import type { Integrations } from '#local/states/calls.ts';
import { states } from '#local/states/states.ts';
import { openStore } from '#local/store.ts';
import { virtualClock } from '../../support/clock.ts';
import { difference, historyDifference, type Lambda, type Recording, recordings } from './recordings.ts';

const all = recordings();
const folder = mkdtempSync(join(tmpdir(), 'recorded-'));
const store = openStore(folder);
afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

type Verdict = 'history identical' | 'status and output' | 'refused' | 'different';

interface Outcome {
  recording: Recording;
  verdict: Verdict;
  why?: string;
}

const clock = virtualClock();

function integrations(lambdas: Record<string, Lambda>): Integrations {
  return {
    async 'lambda:invoke'({ FunctionName, Payload }) {
      const lambda = lambdas[FunctionName.split(':function:').at(-1) ?? ''];
      if (!lambda)
        throw new AwsError('ResourceNotFoundException', `Function not found: ${FunctionName}`, 404);
      return {
        ExecutedVersion: '$LATEST',
        Payload: await answer(lambda, Payload),
        SdkHttpMetadata: {},
        SdkResponseMetadata: {},
        StatusCode: 200,
      };
    },
  };
}

function answer(lambda: Lambda, payload: unknown): unknown {
  if (lambda.kind === 'echo') return payload;
  if (lambda.kind === 'constant') return lambda.value;
  if (lambda.kind === 'sleep')
    return new Promise((resolve) => {
      clock.at(clock.now() + lambda.seconds * 1000, () => resolve(lambda.then));
    });
  const cause = lambda.recordedCause ?? { errorType: lambda.errorType, errorMessage: lambda.message };
  throw Object.assign(new FunctionError(lambda.errorType, lambda.message), {
    payload: JSON.stringify(cause),
  });
}

let count = 0;

/** Some recordings mask the whole ARN of the role. */
function roleOf({ expected }: Recording): string {
  const details = expected.history?.[0]?.executionStartedEventDetails as { roleArn?: string } | undefined;
  return details?.roleArn ?? 'arn:aws:iam::000000000000:role/states';
}

async function play(recording: Recording): Promise<Outcome> {
  let result: string | undefined;
  const { operations, stop } = states({
    store,
    clock,
    integrations: integrations(recording.lambdas),
    onStatus: ({ status }) => {
      if (status !== 'RUNNING') result = status;
    },
  });
  try {
    count += 1;
    const definition = JSON.stringify(recording.definition)
      .replaceAll('<partition>', 'aws')
      .replaceAll('<region>', 'us-east-1');
    const { stateMachineArn } = (await operations.CreateStateMachine?.(
      { name: `m${count}`, definition, roleArn: roleOf(recording), type: recording.type },
      { signal: AbortSignal.any([]) },
    )) as { stateMachineArn: string };
    return await follow(recording, { operations, stateMachineArn, isDone: () => result !== undefined });
  } catch (error) {
    return { recording, verdict: 'refused', why: (error as Error).message };
  } finally {
    await stop();
  }
}

async function follow(
  recording: Recording,
  {
    operations,
    stateMachineArn,
    isDone,
  }: { operations: ReturnType<typeof states>['operations']; stateMachineArn: string; isDone: () => boolean },
): Promise<Outcome> {
  const call = { signal: AbortSignal.any([]) };
  const input = JSON.stringify(recording.input ?? {});
  const { executionArn } = (await operations.StartExecution?.({ stateMachineArn, input }, call)) as {
    executionArn: string;
  };
  await clock.run(isDone);
  // biome-ignore lint/suspicious/noExplicitAny: as it comes over the wire
  const end = operations.DescribeExecution?.({ executionArn }, call) as any;
  // biome-ignore lint/suspicious/noExplicitAny: as it comes over the wire
  const { events } = operations.GetExecutionHistory?.({ executionArn, maxResults: 1000 }, call) as any;
  const masks = (recording.maskedPaths ?? []).map(({ replacement }) => replacement);
  const { history, ...expected } = recording.expected;
  const { status, error = null, cause = null } = end;
  const found = { status, output: end.output ? JSON.parse(end.output) : null, error, cause };
  const wrong = difference(expected, found, masks);
  if (wrong) return { recording, verdict: 'different', why: wrong };
  const why = historyDifference(recording, events);
  return { recording, verdict: why ? 'status and output' : 'history identical', why };
}

function table(outcomes: Outcome[]): string {
  const verdicts: Verdict[] = ['history identical', 'status and output', 'different', 'refused'];
  const features = [
    ...new Set(outcomes.map(({ recording }) => `${recording.queryLanguage} ${recording.mainFeature}`)),
  ].sort();
  const rows = features.map((feature) => {
    const own = outcomes.filter(
      ({ recording }) => `${recording.queryLanguage} ${recording.mainFeature}` === feature,
    );
    return [
      feature.padEnd(32),
      ...verdicts.map((verdict) => count2(own, verdict).padStart(verdict.length)),
    ].join('  ');
  });
  const total = verdicts.map((verdict) => count2(outcomes, verdict).padStart(verdict.length));
  return [
    ['feature'.padEnd(32), ...verdicts].join('  '),
    ...rows,
    ['all'.padEnd(32), ...total].join('  '),
  ].join('\n');
}

function count2(outcomes: Outcome[], verdict: Verdict): string {
  return String(outcomes.filter((one) => one.verdict === verdict).length);
}

describe.skipIf(all.length === 0)('executions recorded on AWS', () => {
  it('runs as AWS did', { timeout: 60_000 }, async () => {
    const outcomes: Outcome[] = [];
    for (const recording of all) outcomes.push(await play(recording));
    process.stdout.write(`${table(outcomes)}\n`);
    for (const { recording, verdict, why } of outcomes)
      if (recording.queryLanguage === 'JSONata' && verdict !== 'history identical')
        process.stdout.write(`${verdict}: ${recording.id.split('::').at(-1)} ${why}\n`);
    expect(outcomes.length).toBe(all.length);
  });
});

it.runIf(all.length === 0)('has no recordings here: TEST_DATA does not name them', () => {
  process.stdout.write('No recorded executions: set TEST_DATA to the folder that holds asl-recorded/\n');
});
