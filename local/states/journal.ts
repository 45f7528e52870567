import type { Store } from '../store.ts';
import type { HistoryEvent } from './history.ts';
import type { Answer, Execution, Pending, TimerKind } from './rows.ts';
import { ceiling, flushWrites, nothing, type Writes } from './writes.ts';

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

/** Opens the journal of an execution. `closing` holds the tokens that are closed but not durably so yet. */
export function openJournal(store: Store, execution: Execution, closing: Set<string>): Journal {
  const { arn } = execution;
  const loaded = new Map<string, unknown>();
  let isFresh = execution.events === 0;
  let writes = nothing();
  const cleared: string[] = [];

  const stored = (query: string, prefix: string) => (isFresh ? [] : storedBelow(store, query, [arn, prefix]));

  function frame<T>(path: string): T | undefined {
    if (loaded.has(path)) return loaded.get(path) as T;
    if (isFresh || writes.cleared.some((prefix) => path.startsWith(prefix))) return undefined;
    const value = storedFrame(store, arn, path);
    if (value !== undefined) loaded.set(path, value);
    return value as T | undefined;
  }

  function under<T>(prefix: string): [string, T][] {
    const paths = [...loaded.keys()].filter((path) => path.startsWith(prefix));
    const all = new Set([...paths, ...stored('SELECT path AS value FROM states_frames WHERE true', prefix)]);
    return [...all]
      .map((path) => [path, frame<T>(path)] as [string, T])
      .filter(([, value]) => value !== undefined);
  }

  function clear(prefix: string): void {
    forget(loaded, prefix, (_, path) => path);
    forget(writes.frames, prefix, (_, path) => path);
    for (const own of byPath(writes)) forget(own, prefix, ([path]) => path);
    for (const token of stored("SELECT token AS value FROM states_tokens WHERE state<>'closed'", prefix))
      close(token);
    cleared.push(prefix);
    // The first waking itself is stored: an execution that ends in it must not begin again.
    if (!isFresh || prefix === '') writes.cleared.push(prefix);
  }

  function close(token: string): void {
    if (writes.opened.delete(token)) return;
    closing.add(token);
    writes.closed.add(token);
  }

  return {
    execution,
    frame,
    save: (path, value) => void writes.frames.set(path, loaded.set(path, value).get(path)),
    under,
    clear,
    due: (path, kind) => (writes.timers.get(`${path} ${kind}`) ?? storedDue(store, arn, [path, kind]))[2],
    timer: (path, kind, due) => void writes.timers.set(`${path} ${kind}`, [path, kind, due]),
    pend: (path, kind, on) => void writes.pending.set(`${path} ${kind}`, [path, kind, on]),
    open: (token, path, heartbeat) => void writes.opened.set(token, [path, heartbeat]),
    answerTo: (token) => storedAnswer(store, token),
    close,
    record: (event) => void writes.events.push(event),
    takeCleared: () => cleared.splice(0),
    flush() {
      flushWrites(store, execution, writes);
      const { closed } = writes;
      store.afterCommit(() => remove(closing, closed));
      isFresh = false;
      writes = nothing();
    },
  };
}

function byPath({ timers, pending, opened }: Writes): Map<string, [path: string, ...rest: unknown[]]>[] {
  return [timers, pending, opened] as Map<string, [path: string, ...rest: unknown[]]>[];
}

function remove(from: Set<string>, these: Set<string>): void {
  for (const one of these) from.delete(one);
}

/** A frame as it was last made durable, read without opening a journal. */
export function storedFrame({ sql }: Store, arn: string, path: string): unknown {
  const row = sql('SELECT body FROM states_frames WHERE execution=? AND path=?').get(arn, path);
  return row && JSON.parse(row.body as string);
}

function forget<T>(map: Map<string, T>, prefix: string, pathOf: (value: T, key: string) => string): void {
  for (const [key, value] of map) if (pathOf(value, key).startsWith(prefix)) map.delete(key);
}

/** One column of an execution's rows below a path prefix. */
function storedBelow({ sql }: Store, query: string, [arn, prefix]: [string, string]): string[] {
  const rows = sql(`${query} AND execution=? AND path>=? AND path<?`).all(arn, prefix, ceiling(prefix));
  return rows.map((row) => row.value as string);
}

function storedDue(
  { sql }: Store,
  arn: string,
  [path, kind]: [string, TimerKind],
): [string, TimerKind, number | undefined] {
  const row = sql('SELECT due FROM states_timers WHERE execution=? AND path=? AND kind=?').get(
    arn,
    path,
    kind,
  );
  return [path, kind, row?.due as number | undefined];
}

function storedAnswer({ sql }: Store, token: string): Answer | undefined {
  const row = sql("SELECT answer FROM states_tokens WHERE token=? AND state='answered'").get(token);
  return row && JSON.parse(row.answer as string);
}
