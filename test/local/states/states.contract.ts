import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { client } from '../aws/local-subject.ts';

export interface StatesSubject {
  endpoint: string;
  /** Makes a queue and answers its URL. */
  queue(name: string): Promise<string>;
  close(): Promise<void>;
}

const roleArn = 'arn:aws:iam::000000000000:role/states';

/** What Step Functions promises of its API and of small machines, for whichever one `open` gives. */
export function statesContract(open: () => Promise<StatesSubject>): void {
  let subject: StatesSubject;
  let sdk: SFNClient;
  let sqs: SQSClient;
  let url: string;
  let count = 0;

  beforeAll(async () => {
    subject = await open();
    sdk = new SFNClient({ ...client, endpoint: subject.endpoint });
    sqs = new SQSClient({ ...client, endpoint: subject.endpoint });
    url = await subject.queue('tokens');
  });
  afterAll(() => subject.close());

  async function machine(States: object, fields: object = {}): Promise<string> {
    count += 1;
    const StartAt = Object.keys(States)[0];
    const definition = JSON.stringify({ QueryLanguage: 'JSONata', StartAt, States, ...fields });
    const made = await sdk.send(
      new CreateStateMachineCommand({ name: `m${count}-${Date.now()}`, definition, roleArn }),
    );
    return made.stateMachineArn as string;
  }
  const start = async (stateMachineArn: string, input: unknown = {}, name?: string) =>
    (await sdk.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) })))
      .executionArn as string;
  const ended = async (executionArn: string) =>
    vi.waitFor(
      async () => {
        const found = await sdk.send(new DescribeExecutionCommand({ executionArn }));
        expect(found.status).not.toBe('RUNNING');
        return { ...found, output: found.output && JSON.parse(found.output) };
      },
      { timeout: 8_000 },
    );
  const run = async (States: object, input: unknown = {}) => ended(await start(await machine(States), input));
  const history = async (executionArn: string) =>
    (await sdk.send(new GetExecutionHistoryCommand({ executionArn }))).events?.map(({ type }) => type);
  const asking = (fields: object = {}) => ({
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Arguments: { QueueUrl: url, MessageBody: { token: '{% $states.context.Task.Token %}' } },
      End: true,
      ...fields,
    },
  });
  const token = async (): Promise<string> =>
    vi.waitFor(
      async () => {
        const { Messages } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 1, VisibilityTimeout: 600 }),
        );
        return JSON.parse(Messages?.[0]?.Body as string).token;
      },
      { timeout: 8_000 },
    );

  it('passes, chooses and assigns in JSONata', async () => {
    const found = await run(
      {
        Set: { Type: 'Pass', Assign: { n: '{% $states.input.n * 2 %}' }, Next: 'Which' },
        Which: { Type: 'Choice', Choices: [{ Condition: '{% $n > 5 %}', Next: 'Big' }], Default: 'Small' },
        Big: { Type: 'Pass', Output: { big: '{% $n %}' }, End: true },
        Small: { Type: 'Pass', Output: 'small', End: true },
      },
      { n: 4 },
    );

    expect(found).toMatchObject({ status: 'SUCCEEDED', output: { big: 8 } });
  });

  it('tells a history in AWS’s event types', async () => {
    const executionArn = await start(await machine({ One: { Type: 'Pass', End: true } }));
    await ended(executionArn);

    expect(await history(executionArn)).toEqual([
      'ExecutionStarted',
      'PassStateEntered',
      'PassStateExited',
      'ExecutionSucceeded',
    ]);
  });

  it('starts once by a name: the same input again is the same execution while it runs, another is refused', async () => {
    const arn = await machine(asking());
    const first = await start(arn, { a: 1 }, 'named');

    expect(await start(arn, { a: 1 }, 'named')).toBe(first);
    await expect(start(arn, { a: 2 }, 'named')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  });

  it('ends a task by its token, once', async () => {
    await token();
    const executionArn = await start(await machine(asking()));
    const taskToken = await token();
    await sdk.send(new SendTaskSuccessCommand({ taskToken, output: '{"ok":true}' }));
    const found = await ended(executionArn);

    expect(found).toMatchObject({ status: 'SUCCEEDED', output: { ok: true } });
    await expect(sdk.send(new SendTaskSuccessCommand({ taskToken, output: '1' }))).rejects.toMatchObject({
      name: 'TaskTimedOut',
    });
  });

  it('refuses what is no token', async () => {
    await expect(sdk.send(new SendTaskSuccessCommand({ taskToken: 'x', output: '1' }))).rejects.toMatchObject(
      { name: 'InvalidToken' },
    );
  });

  it('catches a failure that was sent, with its error and cause', async () => {
    const Catch = [
      { ErrorEquals: ['Broken'], Assign: { why: '{% $states.errorOutput.Cause %}' }, Next: 'After' },
    ];
    const executionArn = await start(
      await machine({ ...asking({ Catch }), After: { Type: 'Pass', Output: '{% $why %}', End: true } }),
    );
    await sdk.send(
      new SendTaskFailureCommand({ taskToken: await token(), error: 'Broken', cause: 'a belt' }),
    );

    expect(await ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: 'a belt' });
  });

  it.each([
    ['a timeout', { TimeoutSeconds: 1 }],
    ['a missed heartbeat', { TimeoutSeconds: 60, HeartbeatSeconds: 1 }],
  ])('ends a task at %s', async (_, fields) => {
    const executionArn = await start(await machine(asking(fields)));
    await token();

    expect(await ended(executionArn)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });

  it('retries and catches around a Map, with a new token at each attempt', async () => {
    const inner = { StartAt: 'Ask', States: asking() };
    const Each = {
      Type: 'Map',
      Items: [1],
      ItemProcessor: inner,
      Retry: [{ ErrorEquals: ['Broken'], IntervalSeconds: 1, MaxAttempts: 1 }],
      Catch: [{ ErrorEquals: ['Broken'], Output: 'caught', Next: 'After' }],
      End: true,
    };
    const executionArn = await start(await machine({ Each, After: { Type: 'Pass', End: true } }));
    const tokens: string[] = [];
    for (const _ of [1, 2]) {
      const taskToken = await token();
      tokens.push(taskToken);
      await sdk.send(new SendTaskFailureCommand({ taskToken, error: 'Broken', cause: '' }));
    }

    expect(await ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: 'caught' });
    expect(new Set(tokens).size).toBe(2);
  });

  it('stops', async () => {
    const executionArn = await start(await machine(asking()));
    await sdk.send(new StopExecutionCommand({ executionArn, error: 'Enough', cause: 'for today' }));

    expect(await ended(executionArn)).toMatchObject({
      status: 'ABORTED',
      error: 'Enough',
      cause: 'for today',
    });
  });

  it.each([
    ['a target that is missing', { One: { Type: 'Pass', Next: 'Two' } }],
    ['a type that is none', { One: { Type: 'Loop', End: true } }],
    ['an expression that is none', { One: { Type: 'Pass', Output: '{% $x( %}', End: true } }],
  ])('refuses a definition with %s', async (_, States) => {
    await expect(machine(States)).rejects.toMatchObject({ name: 'InvalidDefinition' });
  });
}
