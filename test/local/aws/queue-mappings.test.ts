import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type QueueMappings, queueMappings } from '#local/aws/queue-mappings.ts';
import { type Sqs, sqs } from '#local/aws/sqs/sqs.ts';
import { openStore, type Store } from '#local/store.ts';
import { type MovingClock, movingClock } from './moving-clock.ts';

type Event = { Records: { messageId: string; body: string; attributes: Record<string, string> }[] };

describe('a queue that calls a function', () => {
  const ARN = 'arn:aws:sqs:us-east-1:000000000000:';
  let folder: string;
  let store: Store;
  let clock: MovingClock;
  let queues: Sqs;
  let mappings: QueueMappings;
  let calls: Event[];
  let answer: (event: Event) => unknown;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-mapping-'));
    clock = movingClock();
    calls = [];
    answer = () => ({});
    start();
  });
  afterEach(async () => {
    await mappings.stop();
    store.close();
    rmSync(folder, { recursive: true });
  });

  function start() {
    store = openStore(folder);
    queues = sqs(store, clock);
    queues.define('work', { VisibilityTimeout: 30 });
    queues.define('work.fifo', { FifoQueue: true, ContentBasedDeduplication: true });
    mappings = queueMappings(queues, clock, async (_, payload) => {
      calls.push(payload as Event);
      return answer(payload as Event);
    });
  }
  const map = (properties: Record<string, unknown> = {}) =>
    mappings.define('m', { EventSourceArn: `${ARN}work`, FunctionName: 'f', ...properties });
  const send = (...bodies: string[]) => {
    for (const body of bodies) queues.send(`${ARN}work`, body);
  };
  const left = () =>
    store
      .sql('SELECT body FROM sqs_message ORDER BY seq')
      .all()
      .map(({ body }) => body);
  const bodies = () => calls.map(({ Records }) => Records.map(({ body }) => body));
  const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

  it('is called on send, in the shape of Lambda, and the message is gone', async () => {
    map();
    send('a');
    await vi.waitFor(() => expect(left()).toEqual([]));

    expect(calls[0]?.Records[0]).toMatchObject({
      body: 'a',
      eventSource: 'aws:sqs',
      eventSourceARN: `${ARN}work`,
      awsRegion: 'us-east-1',
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.any(String) },
      messageAttributes: {},
    });
  });

  it('leaves a failed batch for another try when its visibility has run out', async () => {
    let tries = 0;
    answer = () => {
      tries += 1;
      if (tries === 1) throw new Error('down');
    };
    map();
    send('a');
    await settled();
    expect(left()).toEqual(['a']);
    expect(calls).toHaveLength(1);
    await clock.advance(30_000);
    await vi.waitFor(() => expect(left()).toEqual([]));

    expect(calls[1]?.Records[0]?.attributes.ApproximateReceiveCount).toBe('2');
  });

  it('keeps only what the function reports as failed', async () => {
    answer = ({ Records }) => ({
      batchItemFailures: Records.filter(({ body }) => body === 'b').map(({ messageId }) => ({
        itemIdentifier: messageId,
      })),
    });
    send('a', 'b', 'c');
    map({ FunctionResponseTypes: ['ReportBatchItemFailures'] });

    await vi.waitFor(() => expect(left()).toEqual(['b']));
    expect(bodies()).toEqual([['a', 'b', 'c']]);
  });

  it.each([
    ['an id that it was not given', { batchItemFailures: [{ itemIdentifier: 'other' }] }],
    ['no list', { batchItemFailures: 'all' }],
    ['an empty item', { batchItemFailures: [{}] }],
  ])('keeps the whole batch when the report has %s', async (_, report) => {
    answer = () => report;
    send('a');
    map({ FunctionResponseTypes: ['ReportBatchItemFailures'] });
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    await settled();

    expect(left()).toEqual(['a']);
  });

  it('gathers for its window', async () => {
    map({ BatchSize: 20, MaximumBatchingWindowInSeconds: 5 });
    send('a');
    await settled();
    send('b');
    await settled();
    expect(calls).toEqual([]);
    await clock.advance(5000);
    await vi.waitFor(() => expect(bodies()).toEqual([['a', 'b']]));
  });

  it('works on no more batches at a time than it may', async () => {
    let atWork = 0;
    let most = 0;
    answer = async () => {
      atWork += 1;
      most = Math.max(most, atWork);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atWork -= 1;
    };
    send(...'abcdefgh');
    map({ BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } });
    await vi.waitFor(() => expect(left()).toEqual([]));

    expect(most).toBe(2);
  });

  it('works on one batch of a FIFO group at a time, in order', async () => {
    let atWork = 0;
    answer = async () => {
      atWork += 1;
      expect(atWork).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atWork -= 1;
    };
    for (const body of 'abcd') queues.send(`${ARN}work.fifo`, body, { MessageGroupId: 'g' });
    map({ EventSourceArn: `${ARN}work.fifo`, BatchSize: 1 });
    await vi.waitFor(() => expect(left()).toEqual([]));

    expect(bodies()).toEqual([['a'], ['b'], ['c'], ['d']]);
  });

  it('delivers again at once, and does not count, what was at work when the process ended', async () => {
    answer = () => new Promise(() => {});
    map();
    send('a');
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    store.close(); // as a kill would: nothing is told
    start();
    answer = () => ({});
    map();
    await vi.waitFor(() => expect(left()).toEqual([]));

    expect(calls[1]?.Records[0]?.attributes.ApproximateReceiveCount).toBe('1');
  });

  it('refuses by name what it does not do', () => {
    expect(() => map({ FilterCriteria: {} })).toThrow('FilterCriteria');
    expect(() => map({ BatchSize: 11 })).toThrow('batching window');
  });
});
