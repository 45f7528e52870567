import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { DiskError, diskError, makeFolder } from './disk.ts';

/** One durable file under every service, so that a message, an item and a workflow step can commit together. */
export interface Store {
  /** The data folder; services that keep files (S3 objects, logs) keep them below it. */
  readonly folder: string;
  /** A prepared statement, cached by its text. */
  sql(text: string): StatementSync;
  /** Runs `work` as one durable commit; a nested call joins the outer one; throwing rolls all of it back. */
  transaction<T>(work: () => T): T;
  /** Runs `work` once the outermost transaction is durable; at once when there is none. Dropped on rollback. */
  afterCommit(work: () => void): void;
  close(): void;
}

export interface StoreOptions {
  /** Called before and after every durable commit with its ordinal: the seam for crash tests. */
  onCommit?: ((moment: 'before' | 'after', ordinal: number) => void) | undefined;
  /** Called once when the disk fails a write. After that every transaction fails: end, and start again. */
  onFailure?: ((error: DiskError) => void) | undefined;
}

/** Of what the services keep; raised when a table changes. */
const VERSION = 2;

/** Marks a new database as of this version; a kill may have left an empty file. Refuses one of another version. */
function checkVersion(db: DatabaseSync, folder: string): void {
  const number = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  const version = number('user_version');
  if (version === VERSION) return;
  if (number('page_count') === 0) return void db.exec(`PRAGMA user_version=${VERSION}`);
  db.close();
  const words = `${folder} was made by another version of Signalbox; start with --fresh, or choose another folder`;
  throw new DiskError(words, version);
}

/** Opens (or creates) the store in `folder`. WAL and synchronous=FULL: what was committed survives SIGKILL and power loss. */
export function openStore(folder: string, { onCommit, onFailure }: StoreOptions = {}): Store {
  makeFolder(folder);
  const db = new DatabaseSync(join(folder, 'aws.sqlite'));
  checkVersion(db, folder);
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=2000');
  const statements = new Map<string, StatementSync>();
  let open = false;
  let commits = 0;
  let after: (() => void)[] = [];
  let failure: DiskError | undefined;

  function sql(text: string): StatementSync {
    let statement = statements.get(text);
    if (!statement) {
      statement = db.prepare(text);
      statements.set(text, statement);
    }
    return statement;
  }

  function commit(): void {
    commits += 1;
    onCommit?.('before', commits);
    db.exec('COMMIT');
    onCommit?.('after', commits);
  }

  /** What was written in memory may be ahead of the disk now, so that going on would build on what is not there. */
  function failed(error: unknown): unknown {
    const found = diskError(folder, error);
    if (found && !failure) {
      failure = found;
      onFailure?.(found);
    }
    return found ?? error;
  }

  function transaction<T>(work: () => T): T {
    if (open) return work();
    if (failure) throw failure;
    open = true;
    try {
      db.exec('BEGIN IMMEDIATE');
      const result = work();
      commit();
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      after = [];
      throw failed(error);
    } finally {
      open = false;
      for (const wake of after.splice(0)) wake();
    }
  }

  return {
    folder,
    sql,
    transaction,
    afterCommit: (work) => {
      if (open) after.push(work);
      else work();
    },
    close: () => db.close(),
  };
}
