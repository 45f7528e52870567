import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { entryStore } from './entries.ts';
import { indexKey, type KeyBytes } from './keys.ts';
import type { Streams } from './streams.ts';
import type { Index, Table } from './table.ts';
import { attribute, type Item, isEqualItem, sizeOf } from './value.ts';

/** An item as it lies in the store. */
export interface Row {
  id: number;
  item: Item;
  size: number;
}

interface Stored {
  id: number;
  item: string;
  size: number;
}

/** What changes at one key. `by` is 'ttl' when the service itself deletes. */
export interface Change {
  key: KeyBytes;
  before?: Row;
  after?: Item;
  by?: 'ttl';
}

export interface Items {
  read(table: Table, key: KeyBytes): Row | undefined;
  /** Writes the item, its index entries and its stream record; call it within the store's transaction. */
  write(table: Table, change: Change): void;
  /** Enters every item of the table into a new index. */
  fill(table: Table, index: Index): void;
  count(table: Table): { items: number; bytes: number };
  /** When the table's next item expires, in epoch milliseconds. */
  nextExpiry(table: Table): number | undefined;
}

/** AWS leaves items alone whose expiry lies more than five years back. */
const OLDEST_EXPIRY = 5 * 365 * 86_400;

/** The tables' items and their index entries, which commit together. */
export function itemStore(
  store: Store,
  clock: Clock,
  { streams, onExpiry }: { streams: Streams; onExpiry: (at: number) => void },
): Items {
  const { sql } = store;
  const entries = entryStore(store);
  store.transaction(() => {
    sql(`CREATE TABLE IF NOT EXISTS dynamodb_items (id INTEGER PRIMARY KEY, tbl INTEGER NOT NULL,
      hash BLOB NOT NULL, range BLOB NOT NULL, size INTEGER NOT NULL, expires INTEGER, item TEXT NOT NULL,
      UNIQUE (tbl, hash, range))`).run();
    sql(`CREATE INDEX IF NOT EXISTS dynamodb_expiry ON dynamodb_items (tbl, expires)
      WHERE expires IS NOT NULL`).run();
  });
  return { read, write, fill, count, nextExpiry };

  function count({ id }: Table) {
    const found = sql('SELECT count(*) AS items, total(size) AS bytes FROM dynamodb_items WHERE tbl = ?').get(
      id,
    );
    return { items: Number(found?.items), bytes: Number(found?.bytes) };
  }

  function nextExpiry({ id, ttl }: Table): number | undefined {
    if (!ttl) return undefined;
    const found = sql(
      'SELECT min(expires) AS next FROM dynamodb_items WHERE tbl = ? AND expires IS NOT NULL',
    ).get(id);
    return typeof found?.next === 'number' ? found.next * 1000 : undefined;
  }

  function read(table: Table, { hash, range }: KeyBytes): Row | undefined {
    const found = sql(
      'SELECT id, item, size FROM dynamodb_items WHERE tbl = ? AND hash = ? AND range = ?',
    ).get(table.id, hash, range) as Stored | undefined;
    return found && { ...found, item: JSON.parse(found.item) as Item };
  }

  function write(table: Table, { key, before, after, by }: Change): void {
    if (before && after && isEqualItem(before.item, after)) return;
    const id = save(table, { key, before, after });
    for (const index of table.indexes) entries.move(index, { id, key }, { before: before?.item, after });
    if (before || after) streams.record(table, { before: before?.item, after, size: before?.size ?? 0, by });
  }

  function save(table: Table, { key, before, after }: Change): number {
    if (!after) {
      if (before) sql('DELETE FROM dynamodb_items WHERE id = ?').run(before.id);
      return before?.id ?? 0;
    }
    const expires = expiry(table, after);
    const values = [sizeOf(after), expires, JSON.stringify(after)];
    if (before) {
      sql('UPDATE dynamodb_items SET size = ?, expires = ?, item = ? WHERE id = ?').run(...values, before.id);
      return before.id;
    }
    const { lastInsertRowid } = sql(
      'INSERT INTO dynamodb_items (tbl, hash, range, size, expires, item) VALUES (?, ?, ?, ?, ?, ?)',
    ).run(table.id, key.hash, key.range, ...values);
    return Number(lastInsertRowid);
  }

  function expiry({ ttl }: Table, item: Item): number | null {
    const written = ttl && attribute(item, ttl)?.N;
    const seconds = written ? Math.floor(Number(written)) : Number.NaN;
    if (!Number.isSafeInteger(seconds) || seconds < clock.now() / 1000 - OLDEST_EXPIRY) return null;
    store.afterCommit(() => onExpiry(seconds * 1000));
    return seconds;
  }

  function fill(table: Table, index: Index): void {
    const rows = sql('SELECT id, hash, range, item FROM dynamodb_items WHERE tbl = ?').all(table.id);
    for (const { id, item, ...key } of rows as unknown as (KeyBytes & { id: number; item: string })[]) {
      const entry = indexKey(index, JSON.parse(item));
      if (entry) entries.enter(index, { id, key }, entry);
    }
  }
}
