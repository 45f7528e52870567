import type { Store } from '../../store.ts';
import { indexKey, type KeyBytes } from './keys.ts';
import type { Index } from './table.ts';
import type { Item } from './value.ts';

/** The item that an entry leads to. */
export interface Owner {
  id: number;
  key: KeyBytes;
}

export interface Entries {
  /** Brings the item's entry in the index from what it was to what it is; an item without the key has none. */
  move(index: Index, of: Owner, change: { before?: Item; after?: Item }): void;
  enter(index: Index, of: Owner, at: KeyBytes): void;
}

/** The entries of global secondary indexes, in key order; they lead to the items and hold no copy of them. */
export function entryStore({ sql, transaction }: Store): Entries {
  transaction(() => {
    sql(`CREATE TABLE IF NOT EXISTS dynamodb_entries (idx INTEGER NOT NULL, hash BLOB NOT NULL, range BLOB NOT NULL,
      pk BLOB NOT NULL, sk BLOB NOT NULL, item INTEGER NOT NULL,
      PRIMARY KEY (idx, hash, range, pk, sk)) WITHOUT ROWID`).run();
  });
  return { move, enter };

  function move(index: Index, of: Owner, { before, after }: { before?: Item; after?: Item }): void {
    const from = before && indexKey(index, before);
    const to = after && indexKey(index, after);
    if (from && to && from.hash.equals(to.hash) && from.range.equals(to.range)) return;
    if (from) {
      sql('DELETE FROM dynamodb_entries WHERE idx = ? AND hash = ? AND range = ? AND pk = ? AND sk = ?').run(
        index.id,
        from.hash,
        from.range,
        of.key.hash,
        of.key.range,
      );
    }
    if (to) enter(index, of, to);
  }

  function enter(index: Index, { id, key }: Owner, { hash, range }: KeyBytes): void {
    sql('INSERT INTO dynamodb_entries (idx, hash, range, pk, sk, item) VALUES (?, ?, ?, ?, ?, ?)').run(
      index.id,
      hash,
      range,
      key.hash,
      key.range,
      id,
    );
  }
}
