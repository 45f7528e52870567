import { AwsError } from './aws/service.ts';
import type { Store } from './store.ts';

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

const commits = new WeakMap<Store, Commit>();

/**
 * The queue of writes before a store, emptied once in each turn of the event loop that has any: the same for every
 * service, so that a message, an item and a workflow's step that are ready together cost one sync.
 */
export function groupCommit(store: Store): Commit {
  const commit = commits.get(store) ?? opened(store);
  commits.set(store, commit);
  return commit;
}

function opened(store: Store): Commit {
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
