import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import type { Invoke } from '../service.ts';
import type { Mapping } from './mapping-properties.ts';
import type { StreamRecord, Streams } from './streams.ts';

/** What mappings run on. */
export interface MappingParts {
  store: Store;
  clock: Clock;
  streams: Streams;
  invoke: Invoke;
  /** Takes what a function would not; called within the transaction that passes the records. */
  onFailure: (destinationArn: string, report: object) => void;
}

/** What the function is to be given next. */
export interface Batch {
  /** The records that the mapping's filters let through. */
  records: { sequence: number; record: StreamRecord }[];
  /** The last sequence number, filtered records included. */
  last: number;
  attempts: number;
}

const FIRST_BACKOFF = 1000;
const MAX_BACKOFF = 60_000;

/** The mapping's place in its stream, durable: what it has passed, and the batch it is retrying. */
export function placeOf({ store, clock, streams, onFailure }: MappingParts, mapping: Mapping) {
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
    const text = 'UPDATE dynamodb_mappings SET passed = ?, upto = ?, attempts = ? WHERE id = ?';
    store.transaction(() => void sql(text).run(passed, upto, attempts, mapping.id));
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
