import { createHmac } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateStateMachineCommand,
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

const WIDTH = 16;
const SECONDS = 3;

/** What one AWS does in a second, asked over the wire by the SDK; undefined where it cannot be asked. */
export interface Rates {
  transactions?: number;
  messages?: number;
  executions?: number;
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
    /** Executions of five states that ended, a second: started as fast as they are taken, then waited for. */
    async executions(): Promise<number> {
      const stateMachineArn = await machine(sfn, FLOW, 'five');
      const began = performance.now();
      const started = await many(() =>
        sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{"n":1}' })),
      );
      while (await isRunning(sfn, stateMachineArn)) await new Promise((resolve) => setTimeout(resolve, 20));
      return started / ((performance.now() - began) / 1000);
    },
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

/** Jira webhooks that were answered 202, a second, each for a ticket of its own. */
export function signedWebhooks(dashboard: string, secret: string): Promise<number> {
  let last = 0;
  return perSecond(async () => {
    last += 1;
    const fields = {
      summary: `Ticket ${last}`,
      description: 'x'.repeat(500),
      issuetype: { name: 'Bug' },
      labels: [],
      components: [],
    };
    const issue = { id: String(last), key: `B-${last}`, self: `https://a.example/rest/api/2/issue/${last}` };
    const created = {
      priority: { name: 'Low' },
      reporter: { displayName: 'Bench' },
      created: '2026-01-01T00:00:00.000+0000',
    };
    const event = {
      timestamp: Date.now(),
      webhookEvent: 'jira:issue_created',
      issue: { ...issue, fields: { ...fields, ...created } },
    };
    const body = JSON.stringify(event);
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'content-type': 'application/json', 'x-hub-signature': `sha256=${signature}` };
    const { status } = await fetch(`${dashboard}/webhooks/demo/jira`, { method: 'POST', body, headers });
    if (status !== 202) throw new Error(`A webhook was answered ${status}`);
  });
}

async function perSecond(work: () => Promise<unknown>): Promise<number> {
  return (await many(work)) / SECONDS;
}

async function many(work: () => Promise<unknown>): Promise<number> {
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

async function isRunning(sfn: SFNClient, stateMachineArn: string): Promise<boolean> {
  const { executions = [] } = await sfn.send(
    new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 }),
  );
  return executions.length > 0;
}

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
