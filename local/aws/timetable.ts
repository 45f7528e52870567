import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import type { Schedule } from './schedule-expression.ts';

/** Runs that are due by the clock and survive a stop: those missed meanwhile are made up for by one. */
export interface Timetable {
  /** `definition` tells a changed schedule from the one known before: that one's next time is forgotten. */
  set(name: string, definition: string, entry: Entry): void;
  /** When it runs next, in epoch milliseconds. */
  next(name: string): number | undefined;
  stop(): void;
}

interface Entry {
  /** Given when the schedule was first defined. */
  schedule: (defined: number) => Schedule;
  /** Runs inside the transaction that notes the run as done; must not wait for anything. */
  run: (time: number) => void;
}

interface Row {
  definition: string;
  defined: number;
  next: number | null;
}

/** `service` keeps the names of one service apart from those of another. */
export function timetable(service: string, store: Store, clock: Clock): Timetable {
  store
    .sql(
      `CREATE TABLE IF NOT EXISTS timetable (service TEXT, name TEXT, definition TEXT, defined INT, next INT,
         PRIMARY KEY (service, name))`,
    )
    .run();
  const timers = new Map<string, () => void>();

  function find(name: string): Row | undefined {
    const text = 'SELECT definition, defined, next FROM timetable WHERE service = ? AND name = ?';
    return store.sql(text).get(service, name) as Row | undefined;
  }

  function keep(name: string, { definition, defined, next }: Row): void {
    const text = 'INSERT OR REPLACE INTO timetable VALUES (?, ?, ?, ?, ?)';
    store.sql(text).run(service, name, definition, defined, next);
  }

  function set(name: string, definition: string, entry: Entry): void {
    store.transaction(() => {
      const known = find(name);
      if (known?.definition === definition) return;
      const defined = clock.now();
      keep(name, { definition, defined, next: entry.schedule(defined)(defined - 1) ?? null });
    });
    plan(name, entry);
  }

  function plan(name: string, entry: Entry): void {
    timers.get(name)?.();
    timers.delete(name);
    const next = find(name)?.next;
    if (typeof next === 'number')
      timers.set(
        name,
        clock.at(next, () => due(name, entry)),
      );
  }

  function due(name: string, entry: Entry): void {
    store.transaction(() => {
      const row = find(name) as Row;
      keep(name, { ...row, next: entry.schedule(row.defined)(clock.now()) ?? null });
      entry.run(Number(row.next));
    });
    plan(name, entry);
  }

  return {
    set,
    next: (name) => find(name)?.next ?? undefined,
    stop: () => {
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}
