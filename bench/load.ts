import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateStateMachineCommand,
  type ExecutionStatus,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';

export const TABLE = {
  BillingMode: 'PAY_PER_REQUEST' as const,
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' as const }],
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' as const }],
};

/** As the data stack makes the table of runs. */
export const RUNS = {
  BillingMode: 'PAY_PER_REQUEST' as const,
  KeySchema: [
    { AttributeName: 'run', KeyType: 'HASH' as const },
    { AttributeName: 'sk', KeyType: 'RANGE' as const },
  ],
  AttributeDefinitions: ['run', 'sk', 'costDay', 'at'].map((AttributeName) => ({
    ...{ AttributeName, AttributeType: 'S' as const },
  })),
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byDay',
      KeySchema: [
        { AttributeName: 'costDay', KeyType: 'HASH' as const },
        { AttributeName: 'at', KeyType: 'RANGE' as const },
      ],
      Projection: { ProjectionType: 'ALL' as const },
    },
  ],
};

const WIDTH = 16;
/** How long each kind of load lasts. */
export const SECONDS = 3;

/** What one AWS does in a second, asked over the wire by the SDK; undefined where it cannot be asked. */
export interface Rates {
  transactions?: number;
  messages?: number;
  executions?: number;
  tasks?: number;
}

/** The same load for every AWS: 16 clients at once, for three seconds of each kind. */
export function load(endpoint: string) {
  const client = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' },
    maxAttempts: 1,
  };
  const dynamo = new DynamoDBClient(client);
  const sqs = new SQSClient(client);
  const sfn = new SFNClient(client);
  let last = Date.now() * 1000;

  const put = () => {
    last += 1;
    const Item = { pk: { S: `k${last}` }, body: { S: 'x'.repeat(200) } };
    return { Put: { TableName: 'Bench', Item, ConditionExpression: 'attribute_not_exists(pk)' } };
  };
  const pair = () => dynamo.send(new TransactWriteItemsCommand({ TransactItems: [put(), put()] }));

  return {
    async table(): Promise<void> {
      await dynamo.send(new CreateTableCommand({ TableName: 'Bench', ...TABLE }));
    },
    transactions: () => perSecond(pair),
    async messages(QueueUrl?: string): Promise<number> {
      const url = QueueUrl ?? (await sqs.send(new CreateQueueCommand({ QueueName: 'Bench' }))).QueueUrl;
      return perSecond(async () => {
        await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'x'.repeat(200) }));
        const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
        for (const { ReceiptHandle } of Messages)
          await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
      });
    },
    /** Executions of five Pass and Choice states a second, from start to end. */
    executions: () => executions(sfn, FLOW),
    /** Executions of five tasks, each of which puts an item. */
    tasks: () => executions(sfn, TASKS),
    /** Leaves executions waiting for a token and for a timer, half and half. */
    async waiting(count: number, QueueUrl: string): Promise<void> {
      const token = await machine(sfn, waitsForToken(QueueUrl), 'token');
      const timer = await machine(sfn, WAITS, 'timer');
      for (let at = 0; at < count; at += WIDTH) {
        const batch = Array.from({ length: Math.min(WIDTH, count - at) }, (_, index) =>
          sfn.send(new StartExecutionCommand({ stateMachineArn: index % 2 ? token : timer, input: '{}' })),
        );
        await Promise.all(batch);
      }
    },
  };
}

async function perSecond(work: () => Promise<unknown>): Promise<number> {
  return (await many(work)) / SECONDS;
}

/** Works with 16 clients at once; answers how often it was done. */
export async function many(work: () => Promise<unknown>): Promise<number> {
  const end = Date.now() + SECONDS * 1000;
  let count = 0;
  const loop = async () => {
    while (Date.now() < end) {
      await work();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, loop));
  return count;
}

async function machine(sfn: SFNClient, definition: object, name: string): Promise<string> {
  const text = JSON.stringify(definition);
  const made = {
    name: `${name}-${Date.now()}`,
    definition: text,
    roleArn: 'arn:aws:iam::000000000000:role/bench',
  };
  return (await sfn.send(new CreateStateMachineCommand(made))).stateMachineArn as string;
}

/** Started as fast as they are taken, then waited for. Throws when one did not succeed. */
async function executions(sfn: SFNClient, definition: object): Promise<number> {
  const stateMachineArn = await machine(sfn, definition, 'five');
  const began = performance.now();
  const started = await many(() =>
    sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{"n":1}' })),
  );
  while (await isAny(sfn, stateMachineArn, 'RUNNING')) await sleep(20);
  const seconds = (performance.now() - began) / 1000;
  if (await isAny(sfn, stateMachineArn, 'FAILED')) throw new Error('its executions fail');
  return started / seconds;
}

async function isAny(
  sfn: SFNClient,
  stateMachineArn: string,
  statusFilter: ExecutionStatus,
): Promise<boolean> {
  const { executions = [] } = await sfn.send(
    new ListExecutionsCommand({ stateMachineArn, statusFilter, maxResults: 1 }),
  );
  return executions.length > 0;
}

const put = (Next?: string) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::dynamodb:putItem',
  Arguments: { TableName: 'Bench', Item: { pk: { S: '{% $states.context.Execution.Name %}' } } },
  Output: '{% $states.input %}',
  ...(Next ? { Next } : { End: true }),
});
const TASKS = {
  QueryLanguage: 'JSONata',
  StartAt: 'A',
  States: { A: put('B'), B: put('C'), C: put('D'), D: put('E'), E: put() },
};

const FLOW = {
  QueryLanguage: 'JSONata',
  StartAt: 'Begin',
  States: {
    Begin: { Type: 'Pass', Output: { n: '{% $states.input.n %}' }, Next: 'Decide' },
    Decide: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.n >= 0 %}', Next: 'Shape' }],
      Default: 'Done',
    },
    Shape: { Type: 'Pass', Output: { doubled: '{% $states.input.n * 2 %}' }, Next: 'Last' },
    Last: { Type: 'Pass', Next: 'Done' },
    Done: { Type: 'Succeed' },
  },
};

const WAITS = {
  QueryLanguage: 'JSONata',
  StartAt: 'Wait',
  States: { Wait: { Type: 'Wait', Seconds: 1_000_000, End: true } },
};

const waitsForToken = (QueueUrl: string) => ({
  QueryLanguage: 'JSONata',
  StartAt: 'Ask',
  States: {
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Arguments: { QueueUrl, MessageBody: '{% $states.context.Task.Token %}' },
      TimeoutSeconds: 1_000_000,
      End: true,
    },
  },
});
