import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import type { MessageAttributes } from './digest.ts';

/** A message at rest. Times are epoch milliseconds. */
export interface Message {
  /** Order in the queue; in FIFO queues also the sequence number. */
  seq: number;
  queue: string;
  id: string;
  body: string;
  attributes: MessageAttributes;
  /** What travels with it: SenderId, AWSTraceHeader, DeadLetterQueueSourceArn. */
  system: Record<string, string>;
  groupId: string | null;
  dedupId: string | null;
  sent: number;
  /** When it may be received (again). */
  visible: number;
  received: number;
  firstReceived: number | null;
  /** The handle of the last receive; null until the first. */
  receipt: string | null;
}

export type NewMessage = Pick<
  Message,
  'queue' | 'body' | 'attributes' | 'system' | 'groupId' | 'dedupId' | 'visible'
>;

export interface Messages {
  add(message: NewMessage): Message;
  /** The messages that a receive may hand out now, oldest first; a FIFO group with one in flight gives none. */
  ready(queue: string, limit: number): Message[];
  /** Whether a receive would hand out anything now; it writes nothing. */
  isReady(queue: string): boolean;
  /** Hands a message out: hidden until `visible`, counted, with a new receipt handle. */
  take(message: Message, visible: number, holder: string | null): Message;
  bySeq(queue: string, seq: number): Message | undefined;
  hide(message: Message, visible: number): void;
  /** Its consumer is done with it, without success. */
  disown(message: Message): void;
  remove(message: Message): void;
  /** To another queue with its id and age: what redrive does to a message received too often. */
  move(message: Message, queue: string, system: Message['system']): void;
  /** Gives back what a consumer of this process held when it stopped; the delivery does not count. */
  release(holder: string): void;
  /** When the next hidden message shows; infinity when none is hidden. */
  nextVisible(queue: string): number;
  expire(queue: string, sentBefore: number): void;
  purge(queue: string): void;
  counts(queue: string): { visible: number; inFlight: number; delayed: number };
}

const COLUMNS = `seq, queue, id, body, attributes, system, group_id AS groupId, dedup_id AS dedupId,
  sent, visible, received, first_received AS firstReceived, receipt`;

const TABLE = `CREATE TABLE IF NOT EXISTS sqs_message (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
  attributes TEXT NOT NULL, system TEXT NOT NULL, group_id TEXT, dedup_id TEXT, sent INT NOT NULL,
  visible INT NOT NULL, hidden INT NOT NULL, received INT NOT NULL DEFAULT 0, first_received INT, receipt TEXT, holder TEXT)`;

const FREE = `NOT EXISTS (SELECT 1 FROM sqs_message AS b WHERE b.queue = ?1 AND b.group_id = m.group_id AND ?3 = 1
  AND b.visible > ?2 AND (b.receipt IS NOT NULL OR b.seq < m.seq))`;

const READY = `SELECT ${COLUMNS} FROM sqs_message AS m INDEXED BY sqs_ready
  WHERE queue = ?1 AND hidden = 0 AND visible <= ?2 AND ${FREE} ORDER BY seq LIMIT ?4`;

const ANY_READY = `SELECT 1 FROM sqs_message AS m INDEXED BY sqs_ready WHERE queue = ?1 AND hidden = 0 AND visible <= ?2 AND ${FREE}
  UNION ALL SELECT 1 FROM sqs_message AS m INDEXED BY sqs_visible WHERE queue = ?1 AND hidden = 1 AND visible <= ?2 AND ${FREE} LIMIT 1`;

/** Whoever is hidden past its time is so no more: what waits and what is hidden are found apart, however much there is of either. */
const SHOW = 'UPDATE sqs_message SET hidden = 0 WHERE queue = ? AND hidden = 1 AND visible <= ?';

const INDEXES = [
  'sqs_visible ON sqs_message (queue, hidden, visible)',
  'sqs_ready ON sqs_message (queue, hidden, seq)',
  'sqs_age ON sqs_message (queue, sent)',
  'sqs_group ON sqs_message (queue, group_id, visible) WHERE group_id NOTNULL',
  'sqs_holder ON sqs_message (holder) WHERE holder NOTNULL',
];

const COUNTS = `SELECT count(*) FILTER (WHERE visible <= ?1) AS visible,
    count(*) FILTER (WHERE visible > ?1 AND receipt IS NOT NULL) AS inFlight,
    count(*) FILTER (WHERE visible > ?1 AND receipt IS NULL) AS delayed
  FROM sqs_message WHERE queue = ?2`;

export function messages(store: Store, clock: Clock): Messages {
  store.sql(TABLE).run();
  for (const index of INDEXES) store.sql(`CREATE INDEX IF NOT EXISTS ${index}`).run();
  return { ...reads(store, clock), ...writes(store, clock) };
}

function reads(store: Store, clock: Clock) {
  return {
    ready(queue: string, limit: number): Message[] {
      store.sql(SHOW).run(queue, clock.now());
      const rows = store.sql(READY).all(queue, clock.now(), queue.endsWith('.fifo') ? 1 : 0, limit);
      return (rows as unknown as Row[]).map(parse);
    },
    isReady(queue: string): boolean {
      return store.sql(ANY_READY).get(queue, clock.now(), queue.endsWith('.fifo') ? 1 : 0) !== undefined;
    },
    bySeq(queue: string, seq: number): Message | undefined {
      const row = store.sql(`SELECT ${COLUMNS} FROM sqs_message WHERE queue = ? AND seq = ?`).get(queue, seq);
      return row && parse(row as unknown as Row);
    },
    nextVisible(queue: string): number {
      const text =
        'SELECT min(visible) AS next FROM sqs_message WHERE queue = ? AND hidden = 1 AND visible > ?';
      const { next } = store.sql(text).get(queue, clock.now()) as { next: number | null };
      return next ?? Number.POSITIVE_INFINITY;
    },
    counts(queue: string) {
      const row = store.sql(COUNTS).get(clock.now(), queue);
      return row as { visible: number; inFlight: number; delayed: number };
    },
  };
}

function writes(store: Store, clock: Clock) {
  const run = (text: string, ...values: (string | number | null)[]) => void store.sql(text).run(...values);
  const one = (text: string, ...values: (string | number | null)[]) =>
    parse(store.sql(`${text} RETURNING ${COLUMNS}`).get(...values) as unknown as Row);
  return {
    add: ({ queue, body, attributes, system, groupId, dedupId, visible }: NewMessage): Message =>
      one(
        `INSERT INTO sqs_message (queue, id, body, attributes, system, group_id, dedup_id, sent, visible, hidden)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[queue, randomUUID(), body, JSON.stringify(attributes), JSON.stringify(system)],
        ...[groupId, dedupId, clock.now(), visible, visible > clock.now() ? 1 : 0],
      ),
    take: ({ seq }: Message, visible: number, holder: string | null): Message =>
      one(
        `UPDATE sqs_message SET visible = ?, hidden = 1, received = received + 1, receipt = ?, holder = ?,
           first_received = coalesce(first_received, ?) WHERE seq = ?`,
        ...[visible, receiptFor(seq), holder, clock.now(), seq],
      ),
    move: ({ seq }: Message, queue: string, system: Message['system']) =>
      run(
        `UPDATE sqs_message SET seq = (SELECT max(seq) + 1 FROM sqs_message), queue = ?, system = ?, visible = ?, hidden = 0,
           receipt = NULL, holder = NULL WHERE seq = ?`,
        ...[queue, JSON.stringify(system), clock.now(), seq],
      ),
    release: (holder: string) =>
      run(
        `UPDATE sqs_message SET visible = min(visible, ?), hidden = 0, received = received - 1, holder = NULL, receipt = NULL
           WHERE holder = ?`,
        ...[clock.now(), holder],
      ),
    hide: ({ seq }: Message, visible: number) =>
      run('UPDATE sqs_message SET visible = ?, hidden = 1 WHERE seq = ?', visible, seq),
    disown: ({ receipt, seq }: Message) =>
      run('UPDATE sqs_message SET holder = NULL WHERE seq = ? AND receipt = ?', seq, receipt),
    remove: ({ seq }: Message) => run('DELETE FROM sqs_message WHERE seq = ?', seq),
    expire: (queue: string, before: number) =>
      run('DELETE FROM sqs_message WHERE queue = ? AND sent < ?', queue, before),
    purge: (queue: string) => run('DELETE FROM sqs_message WHERE queue = ?', queue),
  };
}

type Row = Omit<Message, 'attributes' | 'system'> & { attributes: string; system: string };

function parse(row: Row): Message {
  return { ...row, attributes: JSON.parse(row.attributes), system: JSON.parse(row.system) };
}

function receiptFor(seq: number): string {
  return Buffer.from(`${seq}:${randomUUID()}`).toString('base64url');
}

/** The message that a receipt handle speaks of; undefined when it is no handle of ours. */
export function seqOf(receipt: string): number | undefined {
  const seq = /^(\d+):[0-9a-f-]{36}$/.exec(Buffer.from(receipt, 'base64url').toString())?.[1];
  return seq === undefined ? undefined : Number(seq);
}
