import type { Store } from '../../store.ts';
import { AwsError } from '../service.ts';

/**
 * Commits writes that wait at the same moment as one, since syncing to disk costs far more than writing; each is
 * answered once durable. A write that throws an AwsError must have written nothing: the others go on without it.
 */
export type Commit = <T>(write: () => T) => Promise<T>;

interface Waiting {
  /** Answers how to tell the caller. */
  run(): () => void;
  reject(error: unknown): void;
}

/** A queue of writes before the store, emptied once in each turn of the event loop that has any. */
export function groupCommit(store: Store): Commit {
  let waiting: Waiting[] = [];

  function flush(): void {
    const group = waiting;
    waiting = [];
    try {
      const answers = store.transaction(() => group.map((one) => one.run()));
      for (const answer of answers) answer();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  return (write) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({
        reject,
        run: () => {
          try {
            const result = write();
            return () => resolve(result);
          } catch (error) {
            if (!(error instanceof AwsError)) throw error;
            return () => reject(error);
          }
        },
      });
    });
}
