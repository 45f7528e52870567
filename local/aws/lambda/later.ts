import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import type { Definition } from './function.ts';
import { deadLetterAttributes, outcome, type Pending, record } from './outcome.ts';

/** Invocations that nobody waits for: kept in the store until they end, tried again when they fail. */
export interface Later {
  add(definition: Definition, payload: string): string;
  resume(): void;
  stop(): void;
}

interface Dependencies {
  store: Store;
  clock: Clock;
  /** Runs the invocation once. Throws {@link FunctionError}, or an AwsError when the function is throttled. */
  run(name: string, payload: string, requestId: string): Promise<string>;
  /** Undefined for a function that the template no longer has: what waited for it is dropped, as on AWS. */
  definition(name: string): Definition | undefined;
  /** Hands a record to a destination by ARN; called inside the transaction that ends the invocation. */
  deliver(destinationArn: string, record: unknown, attributes?: Record<string, string>): void;
}

const TABLE = `CREATE TABLE IF NOT EXISTS lambda_later
  (id TEXT PRIMARY KEY, name TEXT, payload TEXT, failures INT, created INT, due INT)`;

/** So many run at once, lest a backlog after a restart starts all together. */
const WIDTH = 16;

export function later(given: Dependencies): Later {
  const { store, clock } = given;
  store.sql(TABLE).run();
  const line = queueOf(clock, (id) => attempt(given, id, (due) => line.schedule(id, due)));

  return {
    add: ({ name }, payload) => {
      const id = randomUUID();
      const now = clock.now();
      store.transaction(() => {
        store.sql('INSERT INTO lambda_later VALUES (?, ?, ?, 0, ?, ?)').run(id, name, payload, now, now);
        store.afterCommit(() => line.schedule(id, now));
      });
      return id;
    },
    resume: () => {
      const rows = store.sql('SELECT id, due FROM lambda_later ORDER BY due').all() as unknown as Pending[];
      for (const { id, due } of rows) line.schedule(id, due);
    },
    stop: line.stop,
  };
}

/** Runs what is due, a few at a time. */
function queueOf(clock: Clock, work: (id: string) => Promise<void>) {
  const timers = new Map<string, () => void>();
  const ready: string[] = [];
  let running = 0;
  let stopped = false;

  function next(): void {
    while (!stopped && running < WIDTH && ready.length > 0) {
      running += 1;
      void work(ready.shift() as string).finally(() => {
        running -= 1;
        next();
      });
    }
  }

  function schedule(id: string, due: number): void {
    if (stopped) return;
    const up = () => {
      timers.delete(id);
      ready.push(id);
      next();
    };
    if (due <= clock.now()) up();
    else timers.set(id, clock.at(due, up));
  }

  function stop(): void {
    stopped = true;
    for (const forget of timers.values()) forget();
  }

  return { schedule, stop };
}

async function attempt(given: Dependencies, id: string, again: (due: number) => void): Promise<void> {
  const { store, clock, run, definition, deliver } = given;
  const row = store.sql('SELECT * FROM lambda_later WHERE id = ?').get(id) as unknown as Pending | undefined;
  if (!row) return;
  const target = definition(row.name);
  if (!target)
    return store.transaction(() => void store.sql('DELETE FROM lambda_later WHERE id = ?').run(id));
  const { async: policy, arn } = target;

  function end(ended: Pending, condition: string, result: string): void {
    const failed = condition !== 'Success';
    const destination = failed ? policy.onFailure : policy.onSuccess;
    store.transaction(() => {
      store.sql('DELETE FROM lambda_later WHERE id = ?').run(id);
      if (destination) deliver(destination, record(ended, arn, { condition, result, now: clock.now() }));
      if (failed && policy.deadLetter)
        deliver(policy.deadLetter, JSON.parse(row?.payload ?? ''), deadLetterAttributes(id, result));
    });
  }

  try {
    end(row, 'Success', await run(row.name, row.payload, id));
  } catch (error) {
    const then = outcome(row, error, policy, clock.now());
    if (!then.again) return end({ ...row, failures: then.failures }, then.condition, then.result);
    store.transaction(() => {
      store
        .sql('UPDATE lambda_later SET failures = ?, due = ? WHERE id = ?')
        .run(then.failures, then.due, id);
      store.afterCommit(() => again(then.due));
    });
  }
}
