import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { dynamoDb } from '#local/aws/dynamodb/dynamodb.ts';
import { events } from '#local/aws/events.ts';
import { s3 } from '#local/aws/s3/s3.ts';
import { scheduler } from '#local/aws/scheduler.ts';
import { sqs } from '#local/aws/sqs/sqs.ts';
import { call } from '#local/call.ts';
import { systemClock } from '#local/clock.ts';
import { states } from '#local/states/states.ts';
import { openStore } from '#local/store.ts';
import { DONE, ITEMS, MACHINE, NAMES, QUEUE, table } from './scenario.ts';

/**
 * `node work.ts FOLDER [ORDINAL before|after]`: does the scenario's work on what is in the folder, as clients do who
 * repeat what was not answered, and dies at the commit that it is told. Notes in `FOLDER/notes` what was answered.
 */
const [folder = '', ordinal = '0', moment = ''] = process.argv.slice(2);
const clock = systemClock();
const store = openStore(folder, {
  onCommit: (now, number) => {
    if (number === Number(ordinal) && now === moment) process.kill(process.pid, 'SIGKILL');
  },
});
const notes = `${folder}/notes`;
const noted = () => (existsSync(notes) ? readFileSync(notes, 'utf8').split('\n') : []);
const note = (text: string) => appendFileSync(notes, `${text}\n`);

const tables = dynamoDb(store, clock);
const queues = sqs(store, clock);
const buckets = s3(store, clock);
const deliver = async ({ arn }: { arn: string }, event: unknown) => queues.send(arn, JSON.stringify(event));
const bus = events(store, clock, deliver);
const schedules = scheduler(store, clock, deliver);
const machines = states({
  store,
  clock,
  integrations: {
    async 'lambda:invoke'({ Payload }, { attempt }) {
      note(`called ${attempt}`);
      if (Payload.fails && attempt.endsWith('/1')) throw Object.assign(new Error('once'), { name: 'Once' });
      return { Payload: Payload.n * 2 };
    },
    async 'sqs:sendMessage'(args, { signal }) {
      return call(
        queues.operations,
        'SendMessage',
        { ...args, MessageBody: JSON.stringify(args.MessageBody) },
        signal,
      );
    },
  },
});

tables.define('Orders', table);
queues.define('Tokens', { VisibilityTimeout: 1 });
queues.define('Told', { VisibilityTimeout: 1 });
queues.define('Line.fifo', { FifoQueue: true, VisibilityTimeout: 1 });
buckets.define('files', {});
bus.defineRule('made', {
  EventPattern: { source: ['scenario'] },
  Targets: [{ Id: 'q', Arn: QUEUE('Told') }],
});
schedules.define('soon', {
  ScheduleExpression: `at(${new Date(Math.floor(Date.now() / 1000) * 1000 + 1000).toISOString().slice(0, 19)})`,
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: { Arn: QUEUE('Told'), RoleArn: 'arn:r', Input: '{"tick":true}' },
});
machines.define(MACHINE.arn, { DefinitionString: JSON.stringify(MACHINE.definition) });
machines.resume();

// biome-ignore lint/suspicious/noExplicitAny: as it comes over the wire
const ask = (operations: any, name: string, input: object): Promise<any> =>
  Promise.resolve(call(operations, name, input));

/** A client's request: repeated until it was answered, and then never again. */
async function once(name: string, request: () => Promise<unknown>, already: string[] = []): Promise<void> {
  if (noted().includes(`answered ${name}`)) return;
  try {
    await request();
  } catch (error) {
    if (!already.includes((error as { code?: string }).code ?? '')) throw error;
  }
  note(`answered ${name}`);
}

async function order(n: number): Promise<void> {
  const id = { S: `order-${n}` };
  const Put = { TableName: 'Orders', Item: { id }, ConditionExpression: 'attribute_not_exists(id)' };
  const count = { TableName: 'Orders', Key: { id: { S: 'count' } }, UpdateExpression: 'ADD n :one' };
  const Update = { ...count, ExpressionAttributeValues: { ':one': { N: '1' } } };
  await once(
    `order ${n}`,
    () => ask(tables.operations, 'TransactWriteItems', { TransactItems: [{ Put }, { Update }] }),
    ['TransactionCanceledException'],
  );
  await once(`line ${n}`, () =>
    ask(queues.operations, 'SendMessage', {
      QueueUrl: NAMES.line,
      MessageBody: `m${n}`,
      MessageGroupId: 'g',
      MessageDeduplicationId: `d${n}`,
    }),
  );
  await once(
    `start ${n}`,
    () =>
      ask(machines.operations, 'StartExecution', {
        stateMachineArn: MACHINE.arn,
        name: `e${n}`,
        input: JSON.stringify({ n }),
      }),
    ['ExecutionAlreadyExists'],
  );
  await once(`file ${n}`, async () =>
    buckets.rest({
      method: 'PUT',
      path: `/files/f${n}`,
      query: new URLSearchParams(),
      headers: {},
      body: Buffer.alloc(20_000, String(n)),
    }),
  );
  await once(`event ${n}`, () =>
    ask(bus.operations, 'PutEvents', {
      Entries: [{ Source: 'scenario', DetailType: 'Made', Detail: `{"n":${n}}` }],
    }),
  );
}

/** Works on whatever is in a queue, and deletes it only afterwards. */
async function consume(url: string, work: (body: string, id: string) => Promise<void>): Promise<void> {
  const { Messages = [] } = await ask(queues.operations, 'ReceiveMessage', {
    QueueUrl: url,
    MaxNumberOfMessages: 10,
  });
  for (const { Body, MessageId, ReceiptHandle } of Messages) {
    await work(Body, MessageId);
    await ask(queues.operations, 'DeleteMessage', { QueueUrl: url, ReceiptHandle });
  }
}

async function answer(body: string): Promise<void> {
  const { token, n } = JSON.parse(body);
  note(`token ${token}`);
  await ask(machines.operations, 'SendTaskSuccess', { taskToken: token, output: String(n) }).catch(
    (error) => {
      if (!['TaskTimedOut', 'TaskDoesNotExist'].includes(error.code)) throw error;
    },
  );
}

const isDone = () =>
  Number(store.sql("SELECT count(*) AS n FROM states_executions WHERE status='RUNNING'").get()?.n) === 0 &&
  ['m1', 'm2', 'm3'].every((body) => noted().some((line) => line.startsWith(`consumed ${body} `))) &&
  noted().filter((line) => line.startsWith('told ')).length > ITEMS;

for (let n = 1; n <= ITEMS; n += 1) await order(n);
while (!isDone()) {
  await consume(NAMES.tokens, answer);
  await consume(NAMES.line, async (body, id) => note(`consumed ${body} ${id}`));
  await consume(NAMES.told, async (body) =>
    note(`told ${body.includes('tick') ? 'tick' : JSON.parse(body).detail.n}`),
  );
  await sleep(10);
}
await machines.stop();
bus.stop();
schedules.stop();
tables.stop();
store.close();
process.stdout.write(DONE);
