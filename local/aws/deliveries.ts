import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';

/** Whom something is delivered to. */
export interface Target {
  arn: string;
  /** For FIFO queues. */
  messageGroupId?: string;
  /** Message attributes by name, all of them text: what a dead-letter queue is told about the failure. */
  attributes?: Record<string, string>;
}

/**
 * Hands `event` to a function, a queue or a state machine; fails when that did not take it. What answers at once has
 * joined the transaction that is open; what answers later takes the same `key` only once.
 */
export type Deliver = (target: Target, event: unknown, key: string) => Promise<void> | void;

export interface Delivery {
  target: Target;
  event: unknown;
  retry: { attempts: number; ageSeconds: number };
  deadLetterArn?: string;
  /** What the dead-letter queue calls the sender: `RULE_ARN` or `SCHEDULE_ARN`, and its value. */
  origin: Record<string, string>;
}

/** EventBridge's and Scheduler's own limits where a target names none. */
export const DEFAULT_RETRY = { attempts: 185, ageSeconds: 86_400 };

const FIRST_DELAY = 1000;
const MAX_DELAY = 60_000;

interface Row {
  id: number;
  delivery: string;
  attempts: number;
  created: number;
}

/** Deliveries that outlive this process: at least once each, retried with growing waits, then the dead-letter queue. */
export interface Deliveries {
  /** Joins the transaction that is open; the delivery starts once it is durable. */
  add(delivery: Delivery): void;
  stop(): void;
}

/** `name` keeps the deliveries of one service apart from those of another. */
export function deliveries(
  name: string,
  { store, clock, deliver }: { store: Store; clock: Clock; deliver: Deliver },
): Deliveries {
  const rows = openRows(name, store, clock);
  const timers = new Map<number, () => void>();
  let stopped = false;
  // After a start: what was under way when the last process ended is delivered again.
  for (const { id, due } of rows.pending()) plan(id, due);

  function plan(id: number, due: number): void {
    if (!stopped)
      timers.set(
        id,
        clock.at(due, () => void attempt(id)),
      );
  }

  async function attempt(id: number): Promise<void> {
    timers.delete(id);
    const row = rows.find(id);
    const delivery: Delivery = JSON.parse(row.delivery);
    try {
      const later = store.transaction(() => {
        const taken = deliver(delivery.target, delivery.event, `${name}-${row.created}-${id}`);
        if (!taken) rows.forget(id);
        return taken;
      });
      await later;
      // When stopped meanwhile the row stays, and the next start takes it up.
      if (later && !stopped) store.transaction(() => rows.forget(id));
    } catch (error) {
      if (!stopped) failed(row, delivery, error as Error);
    }
  }

  function failed(row: Row, delivery: Delivery, error: Error): void {
    const delay = Math.min(MAX_DELAY, FIRST_DELAY * 2 ** row.attempts);
    const due = clock.now() + delay;
    const isTooOld = due > row.created + delivery.retry.ageSeconds * 1000;
    store.transaction(() => {
      if (row.attempts < delivery.retry.attempts && !isTooOld) return again(row, due);
      rows.forget(row.id);
      if (delivery.deadLetterArn) add(letter(delivery, row, { error, isTooOld }));
    });
  }

  function again({ id }: Row, due: number): void {
    rows.postpone(id, due);
    store.afterCommit(() => plan(id, due));
  }

  function add(delivery: Delivery): void {
    store.transaction(() => {
      const id = rows.insert(delivery);
      store.afterCommit(() => plan(id, clock.now()));
    });
  }

  return {
    add,
    stop: () => {
      stopped = true;
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}

function openRows(service: string, store: Store, clock: Clock) {
  store
    .sql(
      `CREATE TABLE IF NOT EXISTS delivery (id INTEGER PRIMARY KEY AUTOINCREMENT, service TEXT NOT NULL,
         delivery TEXT NOT NULL, attempts INT NOT NULL DEFAULT 0, due INT NOT NULL, created INT NOT NULL)`,
    )
    .run();
  return {
    pending: () =>
      store.sql('SELECT id, due FROM delivery WHERE service = ?').all(service) as {
        id: number;
        due: number;
      }[],
    find: (id: number) =>
      store
        .sql('SELECT id, delivery, attempts, created FROM delivery WHERE id = ?')
        .get(id) as unknown as Row,
    insert: (delivery: Delivery): number => {
      const now = clock.now();
      const text = 'INSERT INTO delivery (service, delivery, due, created) VALUES (?, ?, ?, ?)';
      return Number(store.sql(text).run(service, JSON.stringify(delivery), now, now).lastInsertRowid);
    },
    postpone: (id: number, due: number) =>
      store.sql('UPDATE delivery SET attempts = attempts + 1, due = ? WHERE id = ?').run(due, id),
    forget: (id: number) => store.sql('DELETE FROM delivery WHERE id = ?').run(id),
  };
}

/** What AWS puts into a dead-letter queue: the event, and in attributes why. */
function letter(
  delivery: Delivery,
  row: Row,
  { error, isTooOld }: { error: Error; isTooOld: boolean },
): Delivery {
  const attributes = {
    ...delivery.origin,
    TARGET_ARN: delivery.target.arn,
    ERROR_CODE: error.name || 'INTERNAL_ERROR',
    ERROR_MESSAGE: error.message.slice(0, 1024) || 'none',
    RETRY_ATTEMPTS: String(row.attempts),
    EXHAUSTED_RETRY_CONDITION: isTooOld ? 'MaximumEventAgeInSeconds' : 'MaximumRetryAttempts',
  };
  const arn = String(delivery.deadLetterArn);
  return { target: { arn, attributes }, event: delivery.event, retry: DEFAULT_RETRY, origin: {} };
}
