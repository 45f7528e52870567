import { afterAll, describe, expect, it } from 'vitest';
import { AwsError, FunctionError } from '#local/aws/service.ts';
import { difference, historyDifference, type Lambda, type Recording, recordings } from './recordings.ts';
import { workbench } from './workbench.ts';

const VERDICTS = ['history identical', 'status and output', 'different', 'refused'] as const;

interface Outcome {
  feature: string;
  recording: Recording;
  verdict: (typeof VERDICTS)[number];
  why?: string;
}

/** Services that the recordings use and a test of this engine alone does not have. */
const OTHERS = ['s3', 'aws-sdk:s3'];

const all = recordings();
let lambdas: Recording['lambdas'] = {};
const bench = workbench({
  async 'lambda:invoke'({ FunctionName, Payload }) {
    const lambda = lambdas[FunctionName.split(':function:').at(-1)];
    if (!lambda) throw new AwsError('ResourceNotFoundException', `Function not found: ${FunctionName}`, 404);
    const own = { ExecutedVersion: '$LATEST', StatusCode: 200, SdkHttpMetadata: {}, SdkResponseMetadata: {} };
    return { ...own, Payload: await answer(lambda, Payload) };
  },
});
afterAll(() => bench.close());

function answer(lambda: Lambda, payload: unknown): unknown {
  if (lambda.kind === 'echo') return payload;
  if (lambda.kind === 'constant') return lambda.value;
  if (lambda.kind === 'sleep')
    return new Promise((resolve) => {
      bench.clock.at(bench.clock.now() + lambda.seconds * 1000, () => resolve(lambda.then));
    });
  const cause = lambda.recordedCause ?? { errorType: lambda.errorType, errorMessage: lambda.message };
  throw Object.assign(new FunctionError(lambda.errorType, lambda.message), {
    payload: JSON.stringify(cause),
  });
}

async function play(recording: Recording): Promise<Outcome> {
  const own = { recording, feature: `${recording.queryLanguage} ${recording.mainFeature}` };
  lambdas = recording.lambdas;
  const text = JSON.stringify(recording.definition);
  const definition = text.replaceAll('<partition>', 'aws').replaceAll('<region>', 'us-east-1');
  const machine = {
    name: recording.id.replace(/\W/g, '').slice(-80),
    definition,
    roleArn: roleOf(recording),
  };
  let stateMachineArn: string;
  try {
    ({ stateMachineArn } = await bench.call('CreateStateMachine', { ...machine, type: recording.type }));
  } catch (error) {
    return { ...own, verdict: 'refused', why: (error as Error).message };
  }
  const input = JSON.stringify(recording.input ?? {});
  const { executionArn } = await bench.call('StartExecution', { stateMachineArn, input });
  await bench.clock.run(() => bench.changes.at(-1)?.status !== 'RUNNING');
  const found = await bench.show(executionArn);
  const { history, ...expected } = recording.expected;
  const { status, output = null, error = null, cause = null } = found;
  const masks = (recording.maskedPaths ?? []).map(({ replacement }) => replacement);
  const wrong = difference(expected, { status, output, error, cause }, masks);
  if (wrong) return { ...own, verdict: 'different', why: wrong };
  const why = historyDifference(recording, found.events);
  return { ...own, verdict: why ? 'status and output' : 'history identical', why };
}

/** Some recordings mask the whole ARN of the role. */
function roleOf({ expected }: Recording): string {
  const details = expected.history?.[0]?.executionStartedEventDetails as { roleArn?: string } | undefined;
  return details?.roleArn ?? 'arn:aws:iam::000000000000:role/states';
}

function table(outcomes: Outcome[]): string {
  const groups = Object.entries(Object.groupBy(outcomes, ({ feature }) => feature)).sort();
  const row = (name: string, own: Outcome[] = []) =>
    [
      name.padEnd(30),
      ...VERDICTS.map((verdict) => String(count(own, verdict)).padStart(verdict.length)),
    ].join('  ');
  const rows = groups.map(([feature, own]) => row(feature, own));
  return [['feature'.padEnd(30), ...VERDICTS].join('  '), ...rows, row('all', outcomes), ''].join('\n');
}

function count(outcomes: Outcome[], verdict: Outcome['verdict']): number {
  return outcomes.filter((one) => one.verdict === verdict).length;
}

describe.skipIf(all.length === 0)('executions recorded on AWS', () => {
  it('runs the JSONata ones as AWS did, and refuses JSONPath', { timeout: 60_000 }, async () => {
    const outcomes: Outcome[] = [];
    for (const recording of all) outcomes.push(await play(recording));
    const jsonata = outcomes.filter(({ recording }) => recording.queryLanguage === 'JSONata');
    const notable = jsonata.filter(({ verdict }) => verdict !== 'history identical');
    const lines = notable.map(
      ({ recording, verdict, why }) => `${verdict}: ${recording.id.split('::').at(-1)}: ${why}\n`,
    );
    process.stdout.write(table(outcomes) + lines.join(''));

    const run = outcomes.length - count(outcomes, 'refused');
    expect(count(outcomes, 'history identical') / run).toBeGreaterThanOrEqual(0.98);
    expect(count(outcomes, 'different')).toBe(0);
    for (const { recording, verdict } of jsonata)
      if (
        !recording.features.includes('mixed-query-language') &&
        !recording.requires.some((name) => OTHERS.includes(name))
      )
        expect({ id: recording.id, verdict }).not.toEqual({ id: recording.id, verdict: 'refused' });
    expect(
      outcomes.filter(
        ({ recording, verdict }) => recording.queryLanguage === 'JSONPath' && verdict !== 'refused',
      ),
    ).toEqual([]);
  });
});

it.runIf(all.length === 0)('has no recordings here: TEST_DATA does not name them', () => {
  process.stdout.write('No recorded executions: set TEST_DATA to the folder that holds asl-recorded/\n');
});
