import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { pick } from './keys.ts';
import { streamArn, type Table, type ViewType } from './table.ts';
import { type Item, sizeOf } from './value.ts';

/** A record in the shape that Lambda hands to functions. */
export interface StreamRecord {
  eventID: string;
  eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  eventVersion: string;
  eventSource: 'aws:dynamodb';
  awsRegion: string;
  eventSourceARN: string;
  dynamodb: {
    ApproximateCreationDateTime: number;
    Keys: Item;
    NewImage?: Item;
    OldImage?: Item;
    SequenceNumber: string;
    SizeBytes: number;
    StreamViewType: ViewType;
  };
  userIdentity?: { type: 'Service'; principalId: 'dynamodb.amazonaws.com' };
}

interface Written {
  before?: Item;
  after?: Item;
  size: number;
  by?: 'ttl';
}

export interface Streams {
  /** Appends a record in the transaction that changes the item; nothing when the table has no stream. */
  record(table: Table, written: Written): void;
  /** Calls `wake` with a stream's ARN after each commit that wrote to it. Answers how to stop that. */
  listen(wake: (arn: string) => void): () => void;
  /** Up to `count` records after the sequence number `after`, oldest first. */
  read(arn: string, after: number, count: number): { sequence: number; record: StreamRecord }[];
  /** The latest sequence number given to any record; 0 when there has been none. */
  latest(): number;
  /** Forgets what every mapping has passed; what nobody reads, after a day. A mapping that lags loses nothing. */
  trim(arn: string): void;
}

const DAY = 86_400_000;
/** How many records are written between two looks for old ones. */
const TRIM_EVERY = 256;

/** The tables' change records: written with the item, kept until every reader has passed them. */
export function streamStore(store: Store, clock: Clock): Streams {
  const { sql } = store;
  const listeners = new Set<(arn: string) => void>();
  store.transaction(() => {
    sql(`CREATE TABLE IF NOT EXISTS dynamodb_stream (sequence INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT NOT NULL,
      at INTEGER NOT NULL, record TEXT NOT NULL)`).run();
    sql('CREATE INDEX IF NOT EXISTS dynamodb_stream_arn ON dynamodb_stream (arn, sequence)').run();
    sql(`CREATE TABLE IF NOT EXISTS dynamodb_mappings (id TEXT PRIMARY KEY, arn TEXT NOT NULL,
      passed INTEGER NOT NULL, upto INTEGER, attempts INTEGER NOT NULL DEFAULT 0)`).run();
  });
  return { record, listen, read, latest, trim };

  function record(table: Table, written: Written): void {
    if (!table.stream) return;
    const arn = streamArn(table.name);
    const now = clock.now();
    const { lastInsertRowid } = sql('INSERT INTO dynamodb_stream (arn, at, record) VALUES (?, ?, ?)').run(
      arn,
      now,
      JSON.stringify(entry(table, written)),
    );
    if (Number(lastInsertRowid) % TRIM_EVERY === 0) trim(arn);
    store.afterCommit(() => {
      for (const wake of listeners) wake(arn);
    });
  }

  function listen(wake: (arn: string) => void): () => void {
    listeners.add(wake);
    return () => listeners.delete(wake);
  }

  function read(arn: string, after: number, count: number) {
    const rows = sql(
      'SELECT sequence, at, record FROM dynamodb_stream WHERE arn = ? AND sequence > ? ORDER BY sequence LIMIT ?',
    ).all(arn, after, count) as unknown as { sequence: number; at: number; record: string }[];
    return rows.map(({ sequence, at, record }) => ({ sequence, record: shaped(arn, sequence, at, record) }));
  }

  function latest(): number {
    return Number(sql('SELECT seq FROM sqlite_sequence WHERE name = ?').get('dynamodb_stream')?.seq ?? 0);
  }

  function trim(arn: string): void {
    const passed = sql('SELECT min(passed) AS passed FROM dynamodb_mappings WHERE arn = ?').get(arn)?.passed;
    if (typeof passed === 'number') {
      sql('DELETE FROM dynamodb_stream WHERE arn = ? AND sequence <= ?').run(arn, passed);
      return;
    }
    sql(`DELETE FROM dynamodb_stream WHERE arn = ?1 AND sequence < (SELECT sequence FROM dynamodb_stream
      WHERE arn = ?1 AND at >= ?2 ORDER BY sequence LIMIT 1)`).run(arn, clock.now() - DAY);
  }
}

function entry(table: Table, { before, after, size, by }: Written): Partial<StreamRecord> {
  const view = table.stream ?? 'KEYS_ONLY';
  const image = (item: Item | undefined, ...views: ViewType[]) => (views.includes(view) ? item : undefined);
  return {
    eventName: after ? (before ? 'MODIFY' : 'INSERT') : 'REMOVE',
    dynamodb: {
      ApproximateCreationDateTime: 0,
      Keys: pick((after ?? before) as Item, table.keys),
      NewImage: image(after, 'NEW_IMAGE', 'NEW_AND_OLD_IMAGES'),
      OldImage: image(before, 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES'),
      SequenceNumber: '',
      SizeBytes: size + (after ? sizeOf(after) : 0),
      StreamViewType: view,
    },
    ...(by && { userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } }),
  };
}

function shaped(arn: string, sequence: number, at: number, text: string): StreamRecord {
  const { dynamodb, ...record } = JSON.parse(text) as StreamRecord;
  return {
    ...record,
    eventID: String(sequence).padStart(32, '0'),
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-east-1',
    eventSourceARN: arn,
    dynamodb: {
      ...dynamodb,
      ApproximateCreationDateTime: Math.floor(at / 1000),
      SequenceNumber: String(sequence).padStart(21, '0'),
    },
  };
}
