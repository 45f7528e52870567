import type { AddressInfo } from 'node:net';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  DescribeStateMachineForExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  RedriveExecutionCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { wireServer } from '#local/aws/wire.ts';
import { settled } from '../../support/clock.ts';
import { task, type Workbench, workbench } from './workbench.ts';

const tokens: string[] = [];
let bench: Workbench;
let server: ReturnType<typeof wireServer>;
let client: SFNClient;
beforeAll(async () => {
  bench = workbench({
    async 'sqs:sendMessage'(_, { token }) {
      tokens.push(token ?? '');
      return {};
    },
  });
  server = wireServer({ json: { AWSStepFunctions: bench.states.operations }, rest: {} });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  client = new SFNClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  server.close();
  await bench.close();
});

const roleArn = 'arn:aws:iam::000000000000:role/r';
const waits = {
  QueryLanguage: 'JSONata',
  ...task('sqs:sendMessage.waitForTaskToken', { Arguments: {}, HeartbeatSeconds: 60 }),
};

async function create(name: string, definition: object = waits): Promise<string> {
  const { stateMachineArn } = await client.send(
    new CreateStateMachineCommand({ name, definition: JSON.stringify(definition), roleArn }),
  );
  return stateMachineArn as string;
}

async function start(stateMachineArn: string, name?: string, input?: string): Promise<string> {
  const { executionArn } = await client.send(new StartExecutionCommand({ stateMachineArn, name, input }));
  await settled();
  return executionArn as string;
}

it('creates, describes, lists, updates and deletes machines', async () => {
  const stateMachineArn = await create('lifecycle');
  expect(stateMachineArn).toBe('arn:aws:states:us-east-1:000000000000:stateMachine:lifecycle');
  expect(await create('lifecycle')).toBe(stateMachineArn);
  const executionArn = await start(stateMachineArn);
  const definition = JSON.stringify({
    QueryLanguage: 'JSONata',
    StartAt: 'A',
    States: { A: { Type: 'Succeed' } },
  });
  await expect(
    client.send(new CreateStateMachineCommand({ name: 'lifecycle', definition, roleArn })),
  ).rejects.toMatchObject({ name: 'StateMachineAlreadyExists' });
  await client.send(new UpdateStateMachineCommand({ stateMachineArn, definition }));

  expect(await client.send(new DescribeStateMachineCommand({ stateMachineArn }))).toMatchObject({
    name: 'lifecycle',
    status: 'ACTIVE',
    type: 'STANDARD',
    definition,
    roleArn,
  });
  const old = await client.send(new DescribeStateMachineForExecutionCommand({ executionArn }));
  expect(JSON.parse(old.definition ?? '')).toEqual(waits);
  const first = await client.send(new ListStateMachinesCommand({ maxResults: 1 }));
  expect(first.stateMachines?.[0]?.creationDate).toBeInstanceOf(Date);
  await client.send(new DeleteStateMachineCommand({ stateMachineArn }));
  await expect(client.send(new DescribeStateMachineCommand({ stateMachineArn }))).rejects.toMatchObject({
    name: 'StateMachineDoesNotExist',
  });
});

it('starts a name once', async () => {
  const stateMachineArn = await create('names');
  const again = await Promise.all(
    [1, 2, 3].map(() =>
      client.send(new StartExecutionCommand({ stateMachineArn, name: 'n', input: '{"a":1}' })),
    ),
  );
  expect(
    new Set(again.map(({ executionArn, startDate }) => `${executionArn} ${startDate?.getTime()}`)).size,
  ).toBe(1);

  const other = client.send(new StartExecutionCommand({ stateMachineArn, name: 'n', input: '{"a":2}' }));
  await expect(other).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  await client.send(new StopExecutionCommand({ executionArn: again[0]?.executionArn }));
  const later = client.send(new StartExecutionCommand({ stateMachineArn, name: 'n', input: '{"a":1}' }));
  await expect(later).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
});

it('answers, beats and fails tasks by token', async () => {
  const stateMachineArn = await create('tokens');
  const [one, other] = [
    await start(stateMachineArn, 'one', '{"x":1}'),
    await start(stateMachineArn, 'other'),
  ];
  const [taskToken, second] = tokens.slice(-2);
  await client.send(new SendTaskHeartbeatCommand({ taskToken }));
  await client.send(new SendTaskSuccessCommand({ taskToken, output: '{"ok":true}' }));
  await client.send(new SendTaskFailureCommand({ taskToken: second, error: 'E', cause: 'C' }));
  await settled();

  const done = await client.send(new DescribeExecutionCommand({ executionArn: one }));
  expect(done).toMatchObject({ status: 'SUCCEEDED', output: '{"ok":true}', input: '{"x":1}', name: 'one' });
  expect(done.stopDate).toBeInstanceOf(Date);
  expect(await client.send(new DescribeExecutionCommand({ executionArn: other }))).toMatchObject({
    status: 'FAILED',
    error: 'E',
    cause: 'C',
  });
  await expect(client.send(new SendTaskSuccessCommand({ taskToken, output: '1' }))).rejects.toMatchObject({
    name: 'TaskTimedOut',
  });
  await expect(
    client.send(new SendTaskSuccessCommand({ taskToken: 'x', output: '1' })),
  ).rejects.toMatchObject({ name: 'InvalidToken' });
});

it('pages executions and histories, both ways, with and without data', async () => {
  const stateMachineArn = await create('pages');
  for (const name of ['a', 'b', 'c']) await start(stateMachineArn, name);
  await client.send(
    new StopExecutionCommand({
      executionArn: `${stateMachineArn.replace('stateMachine', 'execution')}:b`,
      error: 'Stop',
    }),
  );
  const page = await client.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 2 }));
  const rest = await client.send(
    new ListExecutionsCommand({ stateMachineArn, maxResults: 2, nextToken: page.nextToken }),
  );
  expect([page, rest].map(({ executions }) => executions?.map(({ name }) => name))).toEqual([
    ['c', 'b'],
    ['a'],
  ]);
  expect(rest.nextToken).toBeUndefined();
  const stopped = await client.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'ABORTED' }));
  expect(stopped.executions?.map(({ name }) => name)).toEqual(['b']);

  const executionArn = stopped.executions?.[0]?.executionArn;
  const back = await client.send(
    new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 2 }),
  );
  expect(back.events?.map(({ type }) => type)).toEqual(['ExecutionAborted', 'TaskStateAborted']);
  const next = await client.send(
    new GetExecutionHistoryCommand({
      executionArn,
      reverseOrder: true,
      maxResults: 2,
      nextToken: back.nextToken,
    }),
  );
  expect(next.events?.map(({ type }) => type)).toEqual(['TaskSubmitted', 'TaskStarted']);
  const bare = await client.send(
    new GetExecutionHistoryCommand({ executionArn, includeExecutionData: false }),
  );
  expect(bare.events?.[0]?.executionStartedEventDetails).toEqual({ roleArn });
  expect(bare.events?.[0]?.timestamp).toBeInstanceOf(Date);
});

it('refuses what it must, by name', async () => {
  const stateMachineArn = await create('refusals');
  const started = (input: object) => client.send(new StartExecutionCommand({ stateMachineArn, ...input }));
  await expect(started({ input: '{' })).rejects.toMatchObject({ name: 'InvalidExecutionInput' });
  await expect(started({ name: 'a b' })).rejects.toMatchObject({ name: 'InvalidName' });
  await expect(started({ stateMachineArn: 'arn:x' })).rejects.toMatchObject({ name: 'InvalidArn' });
  await expect(started({ stateMachineArn: `${stateMachineArn}s` })).rejects.toMatchObject({
    name: 'StateMachineDoesNotExist',
  });
  const executionArn = `${stateMachineArn.replace('stateMachine', 'execution')}:none`;
  await expect(client.send(new DescribeExecutionCommand({ executionArn }))).rejects.toMatchObject({
    name: 'ExecutionDoesNotExist',
  });
  await expect(client.send(new RedriveExecutionCommand({ executionArn }))).rejects.toThrow(
    'RedriveExecution',
  );
  await expect(create('bad', { ...waits, StartAt: 'Nowhere' })).rejects.toMatchObject({
    name: 'InvalidDefinition',
  });
});
