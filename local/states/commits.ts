import type { Store } from '../store.ts';

/** Runs work inside a transaction that it shares with whatever else is ready in the same turn of the event loop. */
export type Commit = <T>(work: () => T) => Promise<T>;

/** Shares commits: one costs the disk 0.1 ms however much is in it. Work must do all its checks before its first write. */
export function sharedCommits(store: Store): Commit {
  let waiting: (() => () => void)[] = [];

  function flush(): void {
    const work = waiting;
    waiting = [];
    let settled: (() => void)[] = [];
    store.transaction(() => {
      settled = work.map((run) => run());
    });
    for (const settle of settled) settle();
  }

  return (work) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push(() => {
        try {
          const value = work();
          return () => resolve(value);
        } catch (error) {
          return () => reject(error);
        }
      });
    });
}
