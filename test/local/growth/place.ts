import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openServices, type Services } from '#local/services.ts';
import { openStore, type Store } from '#local/store.ts';
import { type VirtualClock, virtualClock } from '../../support/clock.ts';
import { type Counted, counted } from './counted.ts';

/** Every service, and what they ask of their store. */
export interface Place {
  services: Services;
  store: Store;
  clock: VirtualClock;
  counts: Counted;
  commits(): number;
  stop(): Promise<void>;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A folder that goes when the tests of the file are done. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'growth-'));
  folders.push(folder);
  return folder;
}

/** Every service on a store that counts, with one of each thing defined. */
export function open(folder: string, clock = virtualClock()): Place {
  let commits = 0;
  const store = openStore(folder, {
    onCommit: (moment) => {
      if (moment === 'after') commits += 1;
    },
  });
  const counts = counted(store);
  const services = openServices({
    ...{ store: counts.store, clock, root: folder, endpoint: 'http://127.0.0.1:1' },
  });
  services.queues.define('Dead', {});
  services.queues.define('Work', { RedrivePolicy: { deadLetterTargetArn: arn('Dead'), maxReceiveCount: 1 } });
  services.queues.define('Line.fifo', { FifoQueue: true });
  services.tables.define('Items', TABLE);
  services.buckets.define('files', {});
  services.bus.defineRule('any', {
    EventPattern: { source: ['test'] },
    Targets: [{ Id: 'q', Arn: arn('Work') }],
  });
  services.machines.define(machine('ask'), { DefinitionString: JSON.stringify(ASK) });
  services.machines.define(machine('five'), { DefinitionString: JSON.stringify(FIVE) });
  services.machines.resume();
  const stop = async () => {
    services.bus.stop();
    services.schedules.stop();
    await services.machines.stop();
    services.tables.stop();
    store.close();
  };
  return { services, store, clock, counts, commits: () => commits, stop };
}

const arn = (queue: string) => `arn:aws:sqs:us-east-1:000000000000:${queue}`;
export const QueueUrl = (queue: string) => `http://sqs.local/000000000000/${queue}`;
export const machine = (name: string) => `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`;

const TABLE = {
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  AttributeDefinitions: ['pk', 'sk', 'state'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  GlobalSecondaryIndexes: [
    {
      IndexName: 'byState',
      KeySchema: [
        { AttributeName: 'state', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
  StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
  TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
};

/** Waits for a token, with a heartbeat, then for a timer. */
const ASK = {
  QueryLanguage: 'JSONata',
  StartAt: 'Ask',
  States: {
    Ask: {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Arguments: { QueueUrl: QueueUrl('Work'), MessageBody: '{% $states.context.Task.Token %}' },
      TimeoutSeconds: 7200,
      HeartbeatSeconds: 3600,
      Next: 'Each',
    },
    Each: {
      Type: 'Map',
      Items: [1, 2],
      ItemProcessor: { StartAt: 'Sleep', States: { Sleep: { Type: 'Wait', Seconds: 60, End: true } } },
      End: true,
    },
  },
};

const pass = (Next: string) => ({ Type: 'Pass', Next });
const FIVE = {
  QueryLanguage: 'JSONata',
  StartAt: 'A',
  States: {
    A: pass('B'),
    B: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.n > 0 %}', Next: 'C' }], Default: 'E' },
    C: pass('D'),
    D: pass('E'),
    E: { Type: 'Succeed' },
  },
};
