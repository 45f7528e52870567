import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import type { Items, Row } from './items.ts';
import type { KeyBytes } from './keys.ts';
import type { Table } from './table.ts';

/** Expired items stay readable for a while, as on AWS; nothing may rely on their going at once. */
const GRACE = 30_000;
const BATCH = 100;

export interface Expiry {
  /** Says that an item expires at that time. */
  expect(at: number): void;
  stop(): void;
}

interface Due extends KeyBytes {
  id: number;
  size: number;
  item: string;
}

/** Deletes items past their time to live, on one timer set for the earliest of them. */
export function expiry(
  store: Store,
  clock: Clock,
  { tables, items }: { tables: () => Table[]; items: () => Items },
): Expiry {
  let planned = Number.POSITIVE_INFINITY;
  let cancel = () => {};
  return { expect, stop: () => cancel() };

  function expect(at: number): void {
    if (at >= planned) return;
    planned = at;
    cancel();
    cancel = clock.at(at + GRACE, sweep);
  }

  function sweep(): void {
    planned = Number.POSITIVE_INFINITY;
    const withTtl = tables().filter(({ ttl }) => ttl);
    const now = Math.floor(clock.now() / 1000);
    store.transaction(() => {
      for (const table of withTtl) remove(table, now);
    });
    for (const table of withTtl) {
      const next = items().nextExpiry(table);
      if (next !== undefined) expect(next);
    }
  }

  function remove(table: Table, now: number): void {
    const due = store
      .sql(`SELECT id, hash, range, size, item FROM dynamodb_items
        WHERE tbl = ? AND expires IS NOT NULL AND expires <= ? ORDER BY expires LIMIT ${BATCH}`)
      .all(table.id, now) as unknown as Due[];
    for (const { id, size, item, ...key } of due) {
      const before: Row = { id, size, item: JSON.parse(item) };
      items().write(table, { key, before, by: 'ttl' });
    }
  }
}
