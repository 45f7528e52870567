import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import type { Invoke } from '../service.ts';
import { type Mapping, type MappingProperties, readMapping } from './mapping-properties.ts';
import type { StreamRecord, Streams } from './streams.ts';

export interface StreamMappings {
  /** Starts the mapping, or takes it up where it was. `id` names its place in the stream over restarts. */
  define(id: string, properties: MappingProperties): void;
  /** Forgets the places of all other mappings, so that they no longer hold records back. */
  keepOnly(ids: string[]): void;
  /** Starts nothing more; what a running function answers after this is forgotten, and so repeated. */
  stop(): void;
}

interface Parts {
  store: Store;
  clock: Clock;
  streams: Streams;
  invoke: Invoke;
  /** Takes what a function would not; called within the transaction that passes the records. */
  onFailure: (destinationArn: string, report: object) => void;
}

interface Batch {
  /** The records that the mapping's filters let through. */
  records: { sequence: number; record: StreamRecord }[];
  /** The last sequence number, filtered records included. */
  last: number;
  attempts: number;
}

const FIRST_BACKOFF = 1000;
const MAX_BACKOFF = 60_000;

/**
 * Event source mappings on tables' streams. Records reach the function in order, at least once: a batch that fails
 * holds up those behind it until it succeeds or its retries are used up. The place in the stream is durable.
 */
export function streamMappings(parts: Parts): StreamMappings {
  const { store, streams } = parts;
  const running = new Map<string, { stop(): void }>();
  return {
    define: (id, properties) => {
      const mapping = readMapping(id, properties);
      store
        .sql('INSERT OR IGNORE INTO dynamodb_mappings (id, arn, passed) VALUES (?, ?, ?)')
        .run(id, mapping.stream, mapping.latest ? streams.latest() : 0);
      running.get(id)?.stop();
      running.set(id, mapping.enabled ? run(parts, mapping) : { stop: () => {} });
    },
    keepOnly: (ids) => {
      store
        .sql('DELETE FROM dynamodb_mappings WHERE id NOT IN (SELECT value FROM json_each(?))')
        .run(JSON.stringify(ids));
    },
    stop: () => {
      for (const one of running.values()) one.stop();
    },
  };
}

function run(parts: Parts, mapping: Mapping): { stop(): void } {
  const { clock, streams, invoke } = parts;
  const place = placeOf(parts, mapping);
  let busy = false;
  let stopped = false;
  let waiting: (() => void) | undefined;

  const unlisten = streams.listen((arn) => {
    if (arn === mapping.stream) wake(mapping.window);
  });
  wake(0);
  return {
    stop: () => {
      stopped = true;
      unlisten();
      waiting?.();
    },
  };

  /** Looks at the stream after `delay`; a look that is due or under way already will see what has come. */
  function wake(delay: number): void {
    if (busy || waiting || stopped) return;
    waiting = clock.at(clock.now() + delay, () => {
      waiting = undefined;
      void drain();
    });
  }

  async function drain(): Promise<void> {
    busy = true;
    let retryIn: number | undefined;
    while (!stopped && retryIn === undefined) {
      const batch = place.next();
      if (!batch) break;
      retryIn = await deliver(batch);
    }
    busy = false;
    if (retryIn !== undefined) wake(retryIn);
  }

  /** Answers after how many milliseconds to try again, or undefined to go on at once. */
  async function deliver(batch: Batch): Promise<number | undefined> {
    if (batch.records.length === 0) return place.pass(batch.last);
    const failed = await attempt(batch);
    if (stopped) return undefined;
    return failed < 0 ? place.pass(batch.last) : place.fail(batch, failed);
  }

  /** Runs the function. Answers the position of the first record it failed, -1 for none. */
  async function attempt(batch: Batch): Promise<number> {
    try {
      const answer = await invoke(mapping.functionName, {
        Records: batch.records.map(({ record }) => record),
      });
      return mapping.reportsFailures ? firstFailure(answer, batch) : -1;
    } catch {
      return 0;
    }
  }
}

/** Which record the function reported first, by position; -1 for none, 0 also for a report that makes no sense. */
function firstFailure(answer: unknown, { records }: Batch): number {
  const reported =
    (answer as { batchItemFailures?: { itemIdentifier?: unknown }[] } | null)?.batchItemFailures ?? [];
  const positions = reported.map(({ itemIdentifier }) =>
    records.findIndex(({ record }) => record.dynamodb.SequenceNumber === itemIdentifier),
  );
  return positions.length === 0 ? -1 : Math.max(0, Math.min(...positions));
}

/** The mapping's place in its stream, durable: what it has passed, and the batch it is retrying. */
function placeOf({ store, clock, streams, onFailure }: Parts, mapping: Mapping) {
  const { sql } = store;
  return { next, pass, fail };

  function next(): Batch | undefined {
    const row = sql('SELECT passed, upto, attempts FROM dynamodb_mappings WHERE id = ?').get(mapping.id);
    if (!row) return undefined;
    const upto = row.upto === null ? Number.POSITIVE_INFINITY : Number(row.upto);
    const all = streams
      .read(mapping.stream, Number(row.passed), mapping.batchSize)
      .filter(({ sequence }) => sequence <= upto);
    const last = all.at(-1)?.sequence;
    if (last === undefined) return undefined;
    return {
      records: all.filter(({ record }) => mapping.wants(record)),
      last,
      attempts: Number(row.attempts),
    };
  }

  function pass(last: number): undefined {
    store.transaction(() => {
      save({ passed: last, upto: null, attempts: 0 });
      streams.trim(mapping.stream);
    });
  }

  function fail(batch: Batch, failed: number): number | undefined {
    const left = batch.records.slice(failed);
    const passed = (left[0]?.sequence ?? 1) - 1;
    if (mapping.bisect && left.length > 1) {
      const upto = left[Math.ceil(left.length / 2) - 1]?.sequence ?? batch.last;
      save({ passed, upto, attempts: failed > 0 ? 0 : batch.attempts });
      return FIRST_BACKOFF;
    }
    const attempts = failed > 0 ? 1 : batch.attempts + 1;
    if (attempts > mapping.retries) return giveUp({ ...batch, records: left, attempts });
    save({ passed, upto: batch.last, attempts });
    return Math.min(MAX_BACKOFF, FIRST_BACKOFF * 2 ** (attempts - 1));
  }

  function giveUp(batch: Batch): undefined {
    const { onFailure: destination } = mapping;
    store.transaction(() => {
      if (destination) onFailure(destination, report(mapping, batch, clock.now()));
      pass(batch.last);
    });
  }

  function save({ passed, upto, attempts }: { passed: number; upto: number | null; attempts: number }): void {
    sql('UPDATE dynamodb_mappings SET passed = ?, upto = ?, attempts = ? WHERE id = ?').run(
      passed,
      upto,
      attempts,
      mapping.id,
    );
  }
}

/** What Lambda sends to the destination: where the records are, not the records. */
function report(mapping: Mapping, { records, attempts }: Batch, now: number): object {
  const [first, last] = [records[0]?.record.dynamodb, records.at(-1)?.record.dynamodb];
  const time = (seconds = 0) => new Date(seconds * 1000).toISOString();
  return {
    requestContext: {
      requestId: randomUUID(),
      functionArn: mapping.functionName,
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: attempts,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: new Date(now).toISOString(),
    DDBStreamBatchInfo: {
      shardId: 'shardId-00000000000000000000-00000000',
      startSequenceNumber: first?.SequenceNumber,
      endSequenceNumber: last?.SequenceNumber,
      approximateArrivalOfFirstRecord: time(first?.ApproximateCreationDateTime),
      approximateArrivalOfLastRecord: time(last?.ApproximateCreationDateTime),
      batchSize: records.length,
      streamArn: mapping.stream,
    },
  };
}
