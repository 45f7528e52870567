import type { Store } from '../store.ts';
import type { HistoryEvent } from './history.ts';
import type { Execution, Pending, TimerKind } from './rows.ts';

/** What an execution has done and the store does not know yet. */
export interface Writes {
  frames: Map<string, unknown>;
  timers: Map<string, [path: string, kind: TimerKind, due: number | undefined]>;
  pending: Map<string, [path: string, kind: Pending, on: boolean]>;
  opened: Map<string, [path: string, heartbeat: number | undefined]>;
  closed: Set<string>;
  cleared: string[];
  events: HistoryEvent[];
}

/** Nothing to write yet. */
export const nothing = (): Writes => ({
  frames: new Map(),
  timers: new Map(),
  pending: new Map(),
  opened: new Map(),
  closed: new Set(),
  cleared: [],
  events: [],
});

/** The first path after all that begin with `prefix`; paths are ASCII. */
export function ceiling(prefix: string): string {
  return `${prefix}\u{ffff}`;
}

/** Writes it all; call it inside a transaction. */
export function flushWrites(store: Store, execution: Execution, writes: Writes): void {
  const { sql } = store;
  const { arn } = execution;
  flushCleared(store, arn, writes.cleared);
  for (const [path, value] of writes.frames)
    sql('INSERT OR REPLACE INTO states_frames VALUES(?,?,?)').run(arn, path, JSON.stringify(value));
  for (const [path, kind, due] of writes.timers.values()) flushTimer(store, arn, { path, kind, due });
  for (const [path, kind, on] of writes.pending.values()) {
    if (on) sql('INSERT OR REPLACE INTO states_pending VALUES(?,?,?)').run(arn, path, kind);
    else sql('DELETE FROM states_pending WHERE execution=? AND path=? AND kind=?').run(arn, path, kind);
  }
  for (const [token, [path, heartbeat]] of writes.opened)
    sql("INSERT INTO states_tokens VALUES(?,?,?,'open',NULL,?)").run(token, arn, path, heartbeat ?? null);
  for (const token of writes.closed) sql("UPDATE states_tokens SET state='closed' WHERE token=?").run(token);
  if (writes.events[0])
    sql('INSERT INTO states_history VALUES(?,?,?)').run(
      arn,
      writes.events[0].id,
      JSON.stringify(writes.events),
    );
  const { status, output, error, cause, stopped, events } = execution;
  sql('UPDATE states_executions SET status=?,output=?,error=?,cause=?,stopped=?,events=? WHERE arn=?').run(
    status,
    output,
    error,
    cause,
    stopped,
    events,
    arn,
  );
}

function flushCleared({ sql }: Store, arn: string, prefixes: string[]): void {
  for (const prefix of prefixes)
    for (const table of ['states_frames', 'states_timers', 'states_pending'])
      sql(`DELETE FROM ${table} WHERE execution=? AND path>=? AND path<?`).run(arn, prefix, ceiling(prefix));
}

function flushTimer(
  { sql }: Store,
  arn: string,
  timer: { path: string; kind: TimerKind; due?: number },
): void {
  const { path, kind, due } = timer;
  if (due === undefined)
    sql('DELETE FROM states_timers WHERE execution=? AND path=? AND kind=?').run(arn, path, kind);
  else sql('INSERT OR REPLACE INTO states_timers VALUES(?,?,?,?)').run(arn, path, kind, due);
}
