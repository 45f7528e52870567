import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DynamoDb, dynamoDb } from '#local/aws/dynamodb/dynamodb.ts';
import { type StreamMappings, streamMappings } from '#local/aws/dynamodb/mappings.ts';
import type { StreamRecord } from '#local/aws/dynamodb/streams.ts';
import { streamArn, type TableProperties } from '#local/aws/dynamodb/table.ts';
import { openStore, type Store } from '#local/store.ts';
import { settled, type VirtualClock, virtualClock } from '../../support/clock.ts';

const TABLE: TableProperties = {
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
  TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
};
const MAPPING = {
  EventSourceArn: streamArn('things'),
  FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:reader',
  StartingPosition: 'TRIM_HORIZON',
};

type Answer = (records: StreamRecord[]) => unknown;

let folder: string;
let clock: VirtualClock;
let store: Store;
let db: DynamoDb;
let mappings: StreamMappings;
/** The batches that the function was called with. */
let calls: StreamRecord[][];
let failures: { destination: string; report: object }[];
let answer: Answer;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dynamodb-'));
  clock = virtualClock();
  calls = [];
  failures = [];
  answer = () => undefined;
  open();
});
afterEach(() => {
  close();
  rmSync(folder, { recursive: true });
});

function open(): void {
  store = openStore(folder);
  db = dynamoDb(store, clock);
  db.define('things', TABLE);
  mappings = streamMappings({
    store,
    clock,
    streams: db.streams,
    invoke: async (_, payload) => {
      const { Records } = payload as { Records: StreamRecord[] };
      calls.push(Records);
      return answer(Records);
    },
    onFailure: (destination, report) => failures.push({ destination, report }),
  });
}

function close(): void {
  mappings.stop();
  db.stop();
  store.close();
}

async function call(operation: string, input: object): Promise<unknown> {
  const run = db.operations[operation] as (input: object) => unknown;
  return run({ TableName: 'things', ...input });
}

async function put(id: string, more: object = {}): Promise<void> {
  await call('PutItem', { Item: { id: { S: id }, ...more } });
}

/** Lets due batches run, without moving on to retries. */
async function now(): Promise<void> {
  clock.moveTo(clock.now());
  await settled();
  clock.moveTo(clock.now());
  await settled();
}

/** Moves on from retry to retry, but for the wait of thirty seconds that expired items have. */
async function later(milliseconds: number): Promise<void> {
  const until = clock.now() + milliseconds;
  for (let time = clock.now(); time <= until; time += 500) {
    clock.moveTo(time);
    await settled();
  }
}

const ids = (records: StreamRecord[]) => records.map(({ dynamodb }) => dynamodb.Keys.id?.S).join('');
const batches = () => calls.map(ids);

describe('a stream', () => {
  it("tells each change in Lambda's shape, and nothing of writes that change nothing", async () => {
    mappings.define('m', MAPPING);
    await put('a', { v: { N: '1' } });
    await put('a', { v: { N: '1.0' } });
    await put('a', { v: { N: '2' } });
    await call('DeleteItem', { Key: { id: { S: 'a' } } });
    await call('DeleteItem', { Key: { id: { S: 'a' } } });
    await now();

    const records = calls.flat();
    expect(records.map(({ eventName }) => eventName)).toEqual(['INSERT', 'MODIFY', 'REMOVE']);
    expect(records[1]).toEqual({
      eventID: expect.any(String),
      eventName: 'MODIFY',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: 'us-east-1',
      eventSourceARN: MAPPING.EventSourceArn,
      dynamodb: {
        ApproximateCreationDateTime: clock.now() / 1000,
        Keys: { id: { S: 'a' } },
        OldImage: { id: { S: 'a' }, v: { N: '1' } },
        NewImage: { id: { S: 'a' }, v: { N: '2' } },
        SequenceNumber: expect.stringMatching(/^\d{21}$/),
        SizeBytes: 12,
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    });
  });

  it.each([
    ['KEYS_ONLY', []],
    ['NEW_IMAGE', ['NewImage']],
    ['OLD_IMAGE', ['OldImage']],
  ])('shows by %s only %j', async (StreamViewType, images) => {
    db.define('things', { ...TABLE, StreamSpecification: { StreamViewType } });
    mappings.define('m', MAPPING);
    await put('a');
    await put('a', { v: { N: '1' } });
    await now();

    const shown = Object.keys(calls.flat()[1]?.dynamodb ?? {}).filter((name) => name.endsWith('Image'));
    expect(shown).toEqual(images);
  });

  it('writes nothing of a transaction that fails', async () => {
    mappings.define('m', MAPPING);
    const failing = {
      ConditionCheck: {
        TableName: 'things',
        Key: { id: { S: 'b' } },
        ConditionExpression: 'attribute_exists(id)',
      },
    };
    const transact = db.operations.TransactWriteItems as (input: object) => unknown;
    const work = async () =>
      transact({ TransactItems: [{ Put: { TableName: 'things', Item: { id: { S: 'a' } } } }, failing] });

    await expect(work).rejects.toThrow(/ConditionalCheckFailed/);
    await now();
    expect(calls).toEqual([]);
  });

  it('deletes expired items in the end, in the name of the service', async () => {
    mappings.define('m', MAPPING);
    const seconds = clock.now() / 1000;
    await put('a', { expires: { N: String(seconds + 100) } });
    await put('b', { expires: { N: String(seconds + 5000) } });
    await put('c', { expires: { N: String(seconds - 6 * 365 * 86_400) } });
    await put('d', { expires: { S: 'soon' } });
    clock.moveTo(clock.now() + 200_000);
    await now();

    expect(calls.flat().filter(({ eventName }) => eventName === 'REMOVE')).toMatchObject([
      {
        dynamodb: { Keys: { id: { S: 'a' } } },
        userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
      },
    ]);
    expect(await call('Scan', { Select: 'COUNT' })).toMatchObject({ Count: 3 });
  });

  it('deletes what expired while it was down', async () => {
    await put('a', { expires: { N: String(clock.now() / 1000 + 100) } });
    close();
    clock.moveTo(clock.now() + 3_600_000);
    open();
    clock.moveTo(clock.now() + 60_000);

    expect(await call('Scan', { Select: 'COUNT' })).toMatchObject({ Count: 0 });
  });
});

describe('a mapping', () => {
  it('hands over batches in order', async () => {
    mappings.define('m', { ...MAPPING, BatchSize: 2 });
    for (const id of 'abcde') await put(id);
    await now();

    expect(batches()).toEqual(['ab', 'cd', 'e']);
  });

  it('starts where it is told', async () => {
    await put('a');
    mappings.define('early', MAPPING);
    mappings.define('late', { ...MAPPING, StartingPosition: 'LATEST' });
    await now();
    await put('b');
    await now();

    expect(batches()).toEqual(['a', 'b', 'b']);
  });

  it('waits for its window', async () => {
    mappings.define('m', { ...MAPPING, MaximumBatchingWindowInSeconds: 5 });
    await now();
    await put('a');
    await later(4000);
    await put('b');
    await later(2000);

    expect(batches()).toEqual(['ab']);
  });

  it('hands over only what its filters want, and passes the rest', async () => {
    const Pattern = JSON.stringify({ eventName: ['INSERT'], dynamodb: { NewImage: { kind: { S: ['x'] } } } });
    mappings.define('m', { ...MAPPING, FilterCriteria: { Filters: [{ Pattern }] } });
    await put('a', { kind: { S: 'x' } });
    await put('b', { kind: { S: 'y' } });
    await put('a', { kind: { S: 'x' }, more: { N: '1' } });
    await now();

    expect(batches()).toEqual(['a']);
    expect(db.streams.read(MAPPING.EventSourceArn, 0, 10)).toEqual([]);
  });

  it('tries a failed batch again before anything behind it', async () => {
    answer = () => {
      if (calls.length < 3) throw new Error('not yet');
    };
    mappings.define('m', { ...MAPPING, BatchSize: 2 });
    for (const id of 'abc') await put(id);
    await later(10_000);

    expect(batches()).toEqual(['ab', 'ab', 'ab', 'c']);
  });

  it('goes on from the first item that the function reports', async () => {
    answer = (records) => {
      const failed = calls.length === 1 ? records.slice(1) : [];
      return {
        batchItemFailures: failed
          .map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber }))
          .reverse(),
      };
    };
    mappings.define('m', { ...MAPPING, FunctionResponseTypes: ['ReportBatchItemFailures'] });
    for (const id of 'abc') await put(id);
    await later(5000);

    expect(batches()).toEqual(['abc', 'bc']);
  });

  it.each([[null], [''], ['unheard of']])(
    'takes the report %j for a failure of all',
    async (itemIdentifier) => {
      answer = () => ({ batchItemFailures: calls.length === 1 ? [{ itemIdentifier }] : [] });
      mappings.define('m', { ...MAPPING, FunctionResponseTypes: ['ReportBatchItemFailures'] });
      await put('a');
      await put('b');
      await later(5000);

      expect(batches()).toEqual(['ab', 'ab']);
    },
  );

  it('halves a failed batch until the bad record stands alone, and gives that one up', async () => {
    answer = (records) => {
      if (ids(records).includes('c')) throw new Error('c is bad');
    };
    mappings.define('m', {
      ...MAPPING,
      MaximumRetryAttempts: 1,
      BisectBatchOnFunctionError: true,
      DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:dead' } },
    });
    for (const id of 'abcd') await put(id);
    await later(20_000);

    expect(batches()).toEqual(['abcd', 'ab', 'cd', 'c', 'c', 'd']);
    expect(failures).toMatchObject([
      {
        destination: 'arn:aws:sqs:us-east-1:000000000000:dead',
        report: {
          requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
          DDBStreamBatchInfo: { batchSize: 1, streamArn: MAPPING.EventSourceArn },
        },
      },
    ]);
  });

  it('goes on after a restart where it was, and repeats what was under way', async () => {
    let release = () => {};
    mappings.define('m', { ...MAPPING, BatchSize: 1 });
    await put('a');
    await now();
    answer = () =>
      new Promise<void>((resolve) => {
        release = resolve;
      });
    await put('b');
    await now();
    close();
    release();
    await settled();
    answer = () => undefined;
    open();
    await put('c');
    mappings.define('m', { ...MAPPING, BatchSize: 1, StartingPosition: 'LATEST' });
    await now();

    expect(batches()).toEqual(['a', 'b', 'b', 'c']);
  });

  it('keeps records for the slowest, and forgets mappings that are gone', async () => {
    mappings.define('quick', MAPPING);
    mappings.define('off', { ...MAPPING, Enabled: false });
    await put('a');
    await now();
    const held = db.streams.read(MAPPING.EventSourceArn, 0, 10).length;
    mappings.keepOnly(['quick']);
    await put('b');
    await now();

    expect([held, db.streams.read(MAPPING.EventSourceArn, 0, 10).length]).toEqual([1, 0]);
  });

  it.each([
    ['ParallelizationFactor', { ParallelizationFactor: 2 }],
    ['MaximumRecordAgeInSeconds', { MaximumRecordAgeInSeconds: 60 }],
    ['TumblingWindowInSeconds', { TumblingWindowInSeconds: 1 }],
    ['cidr', { FilterCriteria: { Filters: [{ Pattern: '{"a":[{"cidr":"10.0.0.0/8"}]}' }] } }],
  ])('refuses %s', (name, more) => {
    expect(() => mappings.define('m', { ...MAPPING, ...more })).toThrow(name);
  });
});
