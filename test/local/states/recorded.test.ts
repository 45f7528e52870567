import { afterAll, describe, expect, it } from 'vitest';
import { type DynamoDb, dynamoDb } from '#local/aws/dynamodb/dynamodb.ts';
import { type S3, s3 } from '#local/aws/s3/s3.ts';
import { AwsError, FunctionError, refuse } from '#local/aws/service.ts';
import { type Sqs, sqs } from '#local/aws/sqs/sqs.ts';
import { call } from '#local/call.ts';
import { integrations } from '#local/integrations.ts';
import type { Integrations } from '#local/states/calls.ts';
import { difference, historyDifference, type Lambda, type Recording, recordings } from './recordings.ts';
import { workbench } from './workbench.ts';

const VERDICTS = [
  'history identical',
  'no history kept',
  'status and output',
  'different',
  'refused',
] as const;

interface Outcome {
  feature: string;
  recording: Recording;
  verdict: (typeof VERDICTS)[number];
  why?: string;
}

const QUEUE = 'http://sqs.us-east-1.localhost/000000000000/recorded';
const TABLE = 'recorded-table';
/** Names that the recordings mask, the longer first. */
const aliases = [
  ['<sqs_queue_url>', QUEUE],
  ['sqs_queue_url', QUEUE],
  ['sqs-queue-url', QUEUE],
  ['<test-table>', TABLE],
] as const;

let playing: Recording | undefined;
const services = {} as { queues: Sqs; tables: DynamoDb; buckets: S3 };
const bench = workbench((store, clock) => {
  const parts = { queues: sqs(store, clock), tables: dynamoDb(store, clock), buckets: s3(store, clock) };
  Object.assign(services, parts);
  const all = integrations({ ...parts, functions: { invoke }, bus: () => refuse('an event bus') });
  const send = all['sqs:sendMessage'] as Integrations[string];
  const sendAndWork: Integrations[string] = (args, context) =>
    send(args, context).finally(() => setImmediate(() => void work()));
  return { ...all, 'sqs:sendMessage': sendAndWork };
});
afterAll(() => bench.close());

/** What the recorded tests had listening at their queue: it answers the token in each message. */
async function work(): Promise<void> {
  const kind = playing?.workers?.find(({ queueUrl }) => queueUrl)?.kind;
  if (!kind) return;
  const asked = { QueueUrl: QUEUE, MaxNumberOfMessages: 10 };
  const { Messages = [] } = (await call(services.queues.operations, 'ReceiveMessage', asked)) as {
    Messages?: { Body: string; ReceiptHandle: string }[];
  };
  for (const { Body, ReceiptHandle } of Messages) {
    await call(services.queues.operations, 'DeleteMessage', { QueueUrl: QUEUE, ReceiptHandle });
    const { Message, TaskToken: taskToken } = JSON.parse(Body);
    if (!taskToken) continue;
    if (kind.includes('sendTaskFailure')) {
      await bench.call('SendTaskFailure', { taskToken, error: 'Failure error', cause: 'Failure cause' });
      continue;
    }
    if (kind.includes('Heartbeat')) await bench.call('SendTaskHeartbeat', { taskToken });
    await bench.call('SendTaskSuccess', { taskToken, output: JSON.stringify(Message) });
  }
}

async function invoke(name: string, payload: unknown): Promise<unknown> {
  const lambda = playing?.lambdas[name.split(':function:').at(-1) as string];
  if (lambda) return answer(lambda, payload);
  const arn = name.startsWith('arn:') ? name : `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
  throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}:$LATEST`, 404);
}

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

let count = 0;

/** Puts there what a recording found there, under names of its own; answers the text with the real names in it. */
async function prepared({ stateMachines = {}, s3: buckets, dynamodbTables }: Recording, text: string) {
  let real = text.replaceAll('<partition>', 'aws').replaceAll('<region>', 'us-east-1');
  for (const [bucket, objects] of Object.entries(buckets ?? {})) {
    services.buckets.define(bucket, {});
    for (const [key, body] of Object.entries(objects)) await store(bucket, key, body);
  }
  for (const { table_name, partition_key } of dynamodbTables ?? []) {
    services.tables.define(text.includes('<test-table>') ? TABLE : table_name, {
      KeySchema: [{ AttributeName: partition_key, KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: partition_key, AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    });
  }
  services.queues.define('recorded', {});
  for (const [alias, name] of aliases) real = real.replaceAll(alias, name);
  for (const [arn, definition] of Object.entries(stateMachines)) {
    count += 1;
    const child = {
      name: `child-${count}`,
      definition: await prepared({} as Recording, JSON.stringify(definition)),
    };
    const { stateMachineArn } = await bench.call('CreateStateMachine', { ...child, roleArn: ROLE });
    real = real.replaceAll(
      arn.replace('<partition>', 'aws').replace('<region>', 'us-east-1'),
      stateMachineArn,
    );
  }
  return real;
}

async function store(bucket: string, key: string, body: string): Promise<void> {
  await services.buckets.rest({
    method: 'PUT',
    path: `/${bucket}/${key}`,
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.from(body),
  });
}

const ROLE = 'arn:aws:iam::000000000000:role/states';

async function play(recording: Recording): Promise<Outcome> {
  const own = { recording, feature: `${recording.queryLanguage} ${recording.mainFeature}` };
  playing = recording;
  count += 1;
  let executionArn: string;
  try {
    const machine = {
      name: `recorded-${count}`,
      definition: await prepared({} as Recording, JSON.stringify(recording.definition)),
      roleArn: roleOf(recording),
    };
    const created = await bench.call('CreateStateMachine', { ...machine, type: recording.type });
    const input = await prepared(recording, JSON.stringify(recording.input ?? {}));
    ({ executionArn } = await bench.call('StartExecution', { ...created, creationDate: undefined, input }));
  } catch (error) {
    return { ...own, verdict: 'refused', why: (error as Error).message };
  }
  const hasEnded = ({ executionArn: arn, status }: { executionArn: string; status: string }) =>
    arn === executionArn && status !== 'RUNNING';
  await bench.clock.run(() => bench.changes.some(hasEnded));
  return { ...own, ...verdict(recording, JSON.parse(masked(await bench.show(executionArn)))) };
}

/** The names as the recordings have them. */
function masked(found: object): string {
  const input = JSON.stringify(playing?.input ?? '');
  let text = JSON.stringify(found);
  for (const [alias, name] of aliases) if (input.includes(alias)) text = text.replaceAll(name, alias);
  return text;
}

// biome-ignore lint/suspicious/noExplicitAny: as it comes over the wire
function verdict(recording: Recording, found: any): Pick<Outcome, 'verdict' | 'why'> {
  const { history, ...expected } = recording.expected;
  const { status, output = null, error = null, cause = null } = found;
  const masks = (recording.maskedPaths ?? []).map(({ replacement }) => replacement);
  const wrong = difference(expected, { status, output, error, cause }, masks);
  if (wrong) return { verdict: 'different', why: wrong };
  if (!history) return { verdict: 'no history kept' };
  const why = historyDifference(recording, found.events);
  return why ? { verdict: 'status and output', why } : { verdict: 'history identical' };
}

/** Some recordings mask the whole ARN of the role. */
function roleOf({ expected }: Recording): string {
  const details = expected.history?.[0]?.executionStartedEventDetails as { roleArn?: string } | undefined;
  return details?.roleArn ?? ROLE;
}

function table(outcomes: Outcome[]): string {
  const groups = Object.entries(Object.groupBy(outcomes, ({ feature }) => feature)).sort();
  const row = (name: string, own: Outcome[] = []) =>
    [name.padEnd(30), ...VERDICTS.map((one) => String(number(own, one)).padStart(one.length))].join('  ');
  const rows = groups.map(([feature, own]) => row(feature, own));
  return [['feature'.padEnd(30), ...VERDICTS].join('  '), ...rows, row('all', outcomes), ''].join('\n');
}

function number(outcomes: Outcome[], ...verdicts: Outcome['verdict'][]): number {
  return outcomes.filter(({ verdict }) => verdicts.includes(verdict)).length;
}

const all = recordings();

describe.skipIf(all.length === 0)('executions recorded on AWS', () => {
  it('come out as AWS had them, or are refused by name', { timeout: 60_000 }, async () => {
    const outcomes: Outcome[] = [];
    for (const recording of all) outcomes.push(await play(recording));
    const notable = outcomes.filter(({ verdict }) => !verdict.includes('history'));
    const lines = notable.map(
      ({ recording, verdict, why }) => `${verdict}: ${recording.id.split('::').at(-1)}: ${why}\n`,
    );
    process.stdout.write(table(outcomes) + lines.join(''));

    const run = outcomes.filter(({ verdict }) => verdict !== 'refused');
    const jsonata = outcomes.filter(({ recording }) => recording.queryLanguage === 'JSONata');
    const withHistory = run.filter(({ recording }) => recording.expected.history);
    expect(number(run, 'different') / run.length).toBeLessThan(0.02);
    expect(number(withHistory, 'history identical') / withHistory.length).toBeGreaterThan(0.9);
    expect(number(jsonata, 'refused', 'different')).toBe(0);
    expect(number(outcomes, 'refused')).toBeLessThanOrEqual(15);
  });
});

it.runIf(all.length === 0)('has no recordings here: TEST_DATA does not name them', () => {
  process.stdout.write('No recorded executions: set TEST_DATA to the folder that holds asl-recorded/\n');
});
