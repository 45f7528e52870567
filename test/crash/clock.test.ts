import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Local } from '#local/instance.ts';
import { start } from '#local/start.ts';
import { machine, queue, rule, table, writeAssembly } from './template.ts';
import { type World, worldOf } from './world.ts';

const DAY = 86_400_000;
const SECOND = 1000;

const things = table('id');
const resources = {
  Queue: queue({ VisibilityTimeout: 30 }),
  Fifo: queue({ FifoQueue: true }),
  Ticks: queue(),
  Tokens: queue(),
  Rate: rule({ ScheduleExpression: 'rate(1 minute)' }, ['Ticks']),
  Things: {
    ...things,
    Properties: {
      ...things.Properties,
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    },
  },
  Sleep: machine({ StartAt: 'Sleep', States: { Sleep: { Type: 'Wait', Seconds: 60, End: true } } }),
  Ask: machine({
    StartAt: 'Ask',
    States: {
      Ask: {
        Type: 'Task',
        Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the template's own substitution
        Arguments: { QueueUrl: '${Tokens}', MessageBody: '{% $states.context.Task.Token %}' },
        TimeoutSeconds: 120,
        End: true,
      },
    },
  }),
};

let root: string;
let local: Local;
let world: World;
let offset = 0;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'clock-'));
  writeAssembly(join(root, 'assembly'), resources);
  writeFileSync(join(root, 'journal'), '');
  const { now } = Date;
  offset = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + offset);
  await boot();
  await begin();
});
afterEach(async () => {
  await local.stop();
  vi.restoreAllMocks();
  rmSync(root, { recursive: true });
});

async function boot(): Promise<void> {
  local = await start({
    root: fileURLToPath(new URL('.', import.meta.url)),
    folder: join(root, 'data'),
    assembly: join(root, 'assembly'),
    parameters: () => ({ Journal: '' }),
    ports: { product: 0, aws: 0, mailbox: 0 },
  });
  world = worldOf(local, join(root, 'journal'));
}

/** Something of everything that time has a part in: a minute, half a minute, two minutes. */
async function begin(): Promise<void> {
  const { aws, ref } = world;
  await aws('AmazonSQS.SendMessage', { QueueUrl: ref('Queue'), MessageBody: 'hidden' });
  await aws('AmazonSQS.ReceiveMessage', { QueueUrl: ref('Queue') });
  await sendOnce();
  const ttl = { N: String(Math.floor(local.clock.now() / 1000) + 60) };
  const Item = { id: { S: 'mortal' }, ttl };
  await aws('DynamoDB_20120810.PutItem', { TableName: ref('Things'), Item });
  for (const id of ['Sleep', 'Ask'])
    await aws('AWSStepFunctions.StartExecution', { stateMachineArn: ref(id), name: 'one' });
}

async function sendOnce(): Promise<void> {
  const ids = { MessageGroupId: 'g', MessageDeduplicationId: 'once' };
  await world.aws('AmazonSQS.SendMessage', { QueueUrl: world.ref('Fifo'), MessageBody: 'x', ...ids });
}

async function count(id: string, name = 'ApproximateNumberOfMessages'): Promise<number> {
  const input = { QueueUrl: world.ref(id), AttributeNames: ['All'] };
  const { Attributes } = await world.aws('AmazonSQS.GetQueueAttributes', input);
  return Number(Attributes[name]);
}

/** What time has brought about so far, and how often. */
async function seen() {
  const { aws, ref } = world;
  await sendOnce();
  const ends = async (id: string) => {
    const executionArn = `${ref(id).replace(':stateMachine:', ':execution:')}:one`;
    const { events } = await aws('AWSStepFunctions.GetExecutionHistory', { executionArn });
    return events.filter(({ type }: { type: string }) =>
      /^Wait.*Exited$|^TaskTimedOut$|^TaskFailed$/.test(type),
    ).length;
  };
  return {
    shown: await count('Queue'),
    slept: await ends('Sleep'),
    timedOut: await ends('Ask'),
    items: (await aws('DynamoDB_20120810.Scan', { TableName: ref('Things') })).Count,
    ticks: await count('Ticks'),
    sent: await count('Fifo'),
  };
}

async function pass(seconds: number): Promise<void> {
  local.clock.forward(seconds * SECOND);
  await sleep(100);
}

const NOTHING = { shown: 0, slept: 0, timedOut: 0, items: 1, ticks: 0, sent: 1 };

describe('the machine’s clock is set while the local AWS runs', () => {
  it.each([1, 3, 400])('back by %i days: everything takes as long as it should', async (days) => {
    offset -= days * DAY;
    await sleep(1_200);
    expect(await seen()).toEqual(NOTHING);
    await pass(35);
    expect(await seen()).toEqual({ ...NOTHING, shown: 1 });
    await pass(60);
    expect(await seen()).toEqual({ ...NOTHING, shown: 1, slept: 1, items: 0, ticks: 1 });
    await pass(60);
    expect(await seen()).toEqual({ shown: 1, slept: 1, timedOut: 1, items: 0, ticks: 2, sent: 1 });
    await pass(300);
    expect(await seen()).toMatchObject({ slept: 1, timedOut: 1, ticks: 3, sent: 2 });
  });

  it.each([1, 3, 400])('forward by %i days: what was due by then happens, once', async (days) => {
    offset += days * DAY;
    await sleep(1_200);
    const late = { slept: 1, timedOut: 1, items: 0, ticks: 1 };
    expect(await seen()).toMatchObject(late);
    await pass(45);
    offset -= days * DAY;
    await sleep(1_200);
    expect(await seen()).toMatchObject(late);
    await pass(60);
    expect(await seen()).toMatchObject({ ...late, ticks: 2 });
  });

  it('back while it is stopped: it goes on from where it stood', async () => {
    const before = local.clock.now();
    await local.stop();
    offset -= 3 * DAY;
    await boot();

    expect(local.clock.now()).toBeGreaterThan(before - 1_000);
    expect(local.clock.now()).toBeLessThan(before + 20_000);
    await pass(95);
    expect(await seen()).toMatchObject({ shown: 1, slept: 1, timedOut: 0, ticks: 1 });
  });
});
