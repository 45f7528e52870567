import type { Store } from '../store.ts';
import type { HistoryEvent } from './history.ts';
import type { Answer, Execution, Pending, TimerKind } from './rows.ts';

/** One execution while something happens to it: reads through to the store, writes everything together at `flush`. */
export interface Journal {
  readonly execution: Execution;
  /** A frame by its stable path, which is never used twice. */
  frame<T>(path: string): T | undefined;
  save(path: string, frame: unknown): void;
  /** Every frame whose path begins with `prefix`, in no particular order. */
  under<T>(prefix: string): [path: string, frame: T][];
  /** Forgets all frames, timers, calls and open tokens whose path begins with `prefix`. */
  clear(prefix: string): void;
  due(path: string, kind: TimerKind): number | undefined;
  /** Sets a timer, or removes it without `due`. */
  timer(path: string, kind: TimerKind, due?: number): void;
  pend(path: string, kind: Pending, on: boolean): void;
  open(token: string, path: string, heartbeat?: number): void;
  /** The answer that somebody was told counts, though it has not been taken up yet. */
  answerTo(token: string): Answer | undefined;
  /** Closes a token: at once for whoever answers it, durably at `flush`. */
  close(token: string): void;
  record(event: HistoryEvent): void;
  /** Takes the prefixes cleared since the last time: calls in flight there are waited for by nobody. */
  takeCleared(): string[];
  /** Writes everything; call it inside a transaction. */
  flush(): void;
}

interface Writes {
  frames: Map<string, unknown>;
  timers: Map<string, [path: string, kind: TimerKind, due: number | undefined]>;
  pending: Map<string, [path: string, kind: Pending, on: boolean]>;
  opened: Map<string, [path: string, heartbeat: number | undefined]>;
  closed: Set<string>;
  cleared: string[];
  events: HistoryEvent[];
}

const nothing = (): Writes => ({
  frames: new Map(),
  timers: new Map(),
  pending: new Map(),
  opened: new Map(),
  closed: new Set(),
  cleared: [],
  events: [],
});

/** Opens the journal of an execution. `closing` holds the tokens that are closed but not durably so yet. */
export function openJournal(store: Store, execution: Execution, closing: Set<string>): Journal {
  const { sql } = store;
  const { arn } = execution;
  const loaded = new Map<string, unknown>();
  let fresh = execution.events === 0;
  let writes = nothing();
  const cleared: string[] = [];

  return {
    execution,
    frame,
    save(path, value) {
      loaded.set(path, value);
      writes.frames.set(path, value);
    },
    under,
    clear,
    due(path, kind) {
      const set = writes.timers.get(`${path} ${kind}`);
      if (set || fresh) return set?.[2];
      return sql('SELECT due FROM states_timers WHERE execution=? AND path=? AND kind=?').get(arn, path, kind)
        ?.due as number | undefined;
    },
    timer: (path, kind, due) => void writes.timers.set(`${path} ${kind}`, [path, kind, due]),
    pend: (path, kind, on) => void writes.pending.set(`${path} ${kind}`, [path, kind, on]),
    open: (token, path, heartbeat) => void writes.opened.set(token, [path, heartbeat]),
    answerTo(token) {
      const row = sql("SELECT answer FROM states_tokens WHERE token=? AND state='answered'").get(token);
      return row && JSON.parse(row.answer as string);
    },
    close,
    record: (event) => void writes.events.push(event),
    takeCleared: () => cleared.splice(0),
    flush,
  };

  function frame<T>(path: string): T | undefined {
    if (loaded.has(path)) return loaded.get(path) as T;
    if (fresh || writes.cleared.some((prefix) => path.startsWith(prefix))) return undefined;
    const row = sql('SELECT body FROM states_frames WHERE execution=? AND path=?').get(arn, path);
    if (row) loaded.set(path, JSON.parse(row.body as string));
    return loaded.get(path) as T | undefined;
  }

  function under<T>(prefix: string): [string, T][] {
    const paths = new Set([...loaded.keys()].filter((path) => path.startsWith(prefix)));
    for (const path of fresh ? [] : rows('states_frames', 'path', prefix)) paths.add(path);
    return [...paths].flatMap((path) => {
      const value = frame<T>(path);
      return value === undefined ? [] : [[path, value] as [string, T]];
    });
  }

  function rows(table: string, column: string, prefix: string): string[] {
    const open = table === 'states_tokens' ? " AND state<>'closed'" : '';
    return sql(`SELECT ${column} AS value FROM ${table} WHERE execution=? AND path>=? AND path<?${open}`)
      .all(arn, prefix, ceiling(prefix))
      .map((row) => row.value as string);
  }

  function clear(prefix: string): void {
    const isInside = (path: string) => path.startsWith(prefix);
    for (const path of [...loaded.keys()].filter(isInside)) loaded.delete(path);
    for (const path of [...writes.frames.keys()].filter(isInside)) writes.frames.delete(path);
    for (const own of [writes.timers, writes.pending])
      for (const [key, [path]] of own) if (isInside(path)) own.delete(key);
    for (const [token, [path]] of writes.opened) if (isInside(path)) writes.opened.delete(token);
    cleared.push(prefix);
    if (fresh) return;
    for (const token of rows('states_tokens', 'token', prefix)) close(token);
    writes.cleared.push(prefix);
  }

  function close(token: string): void {
    if (writes.opened.delete(token)) return;
    closing.add(token);
    writes.closed.add(token);
  }

  function flush(): void {
    for (const prefix of writes.cleared)
      for (const table of ['states_frames', 'states_timers', 'states_pending'])
        sql(`DELETE FROM ${table} WHERE execution=? AND path>=? AND path<?`).run(
          arn,
          prefix,
          ceiling(prefix),
        );
    for (const [path, value] of writes.frames)
      sql('INSERT OR REPLACE INTO states_frames VALUES(?,?,?)').run(arn, path, JSON.stringify(value));
    flushTimers();
    for (const [path, kind, on] of writes.pending.values())
      if (on) sql('INSERT OR REPLACE INTO states_pending VALUES(?,?,?)').run(arn, path, kind);
      else sql('DELETE FROM states_pending WHERE execution=? AND path=? AND kind=?').run(arn, path, kind);
    flushTokens();
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
    fresh = false;
    writes = nothing();
  }

  function flushTimers(): void {
    for (const [path, kind, due] of writes.timers.values())
      if (due === undefined)
        sql('DELETE FROM states_timers WHERE execution=? AND path=? AND kind=?').run(arn, path, kind);
      else sql('INSERT OR REPLACE INTO states_timers VALUES(?,?,?,?)').run(arn, path, kind, due);
  }

  function flushTokens(): void {
    for (const [token, [path, heartbeat]] of writes.opened)
      sql("INSERT INTO states_tokens VALUES(?,?,?,'open',NULL,?)").run(token, arn, path, heartbeat ?? null);
    for (const token of writes.closed) {
      sql("UPDATE states_tokens SET state='closed' WHERE token=?").run(token);
      store.afterCommit(() => closing.delete(token));
    }
  }
}

/** The first path after all that begin with `prefix`; paths are ASCII. */
function ceiling(prefix: string): string {
  return `${prefix}\u{ffff}`;
}
