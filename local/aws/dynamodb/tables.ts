import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { AwsError, refuse } from '../service.ts';
import { broken } from './invalid.ts';
import type { Index, Table, TableProperties } from './table.ts';
import { readTable } from './table.ts';

export interface Tables {
  /** Creates the table, or brings the one of that name up to these properties; keeps its items. */
  define(name: string, properties: TableProperties): Table;
  /** The table of that name or ARN. Throws ResourceNotFoundException. */
  find(nameOrArn: unknown): Table;
  all(): Table[];
}

type Fill = (table: Table, index: Index) => void;

/** The tables by name; numbers of tables and indexes are durable, since items refer to them. */
export function tableStore(store: Store, clock: Clock, fill: Fill): Tables {
  const { sql } = store;
  const tables = new Map<string, Table>();
  store.transaction(() => {
    sql(`CREATE TABLE IF NOT EXISTS dynamodb_tables (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
      keys TEXT NOT NULL, ttl TEXT, created INTEGER NOT NULL)`).run();
    sql(`CREATE TABLE IF NOT EXISTS dynamodb_indexes (id INTEGER PRIMARY KEY AUTOINCREMENT, tbl INTEGER NOT NULL,
      name TEXT NOT NULL, keys TEXT NOT NULL DEFAULT '', UNIQUE (tbl, name))`).run();
  });
  return { define, find, all: () => [...tables.values()] };

  function define(name: string, properties: TableProperties): Table {
    if (!/^[\w.-]{3,255}$/.test(name)) {
      throw broken('tableName', name, 'Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+');
    }
    return store.transaction(() => {
      const known = recall(name) ?? create(name);
      const table = readTable(known, properties, (index) => indexId(known.id, index));
      settle(store, table, known);
      settleIndexes(store, table, fill);
      tables.set(name, table);
      return table;
    });
  }

  function recall(name: string) {
    return sql('SELECT id, name, keys, ttl, created FROM dynamodb_tables WHERE name = ?').get(name) as
      | ReturnType<typeof create>
      | undefined;
  }

  function create(name: string) {
    const created = clock.now();
    const { lastInsertRowid } = sql(
      "INSERT INTO dynamodb_tables (name, keys, created) VALUES (?, '', ?)",
    ).run(name, created);
    return { id: Number(lastInsertRowid), name, keys: '', ttl: null as string | null, created };
  }

  function indexId(table: number, name: string): number {
    sql('INSERT OR IGNORE INTO dynamodb_indexes (tbl, name) VALUES (?, ?)').run(table, name);
    return Number(sql('SELECT id FROM dynamodb_indexes WHERE tbl = ? AND name = ?').get(table, name)?.id);
  }

  function find(nameOrArn: unknown): Table {
    if (typeof nameOrArn !== 'string') throw broken('tableName', nameOrArn, 'Member must not be null');
    const table = tables.get(nameOrArn.replace(/^arn:[^/]*:table\//, ''));
    if (!table) throw new AwsError('ResourceNotFoundException', 'Requested resource not found');
    return table;
  }
}

/** Keeps what is stored in step with the properties; a table's own keys cannot change. */
function settle({ sql }: Store, table: Table, known: { keys: string; ttl: string | null }): void {
  const keys = JSON.stringify(table.keys);
  if (known.keys !== '' && known.keys !== keys)
    refuse(`a change of the key schema of the table ${table.name}`);
  sql('UPDATE dynamodb_tables SET keys = ?, ttl = ? WHERE id = ?').run(keys, table.ttl ?? null, table.id);
  if (known.keys !== '' && (known.ttl ?? undefined) !== table.ttl) retime(sql, table);
}

/** Fills new indexes, refills those whose keys changed, drops those that are gone. */
function settleIndexes({ sql }: Store, table: Table, fill: Fill): void {
  const stored = sql('SELECT id, keys FROM dynamodb_indexes WHERE tbl = ?').all(table.id);
  for (const { id, keys } of stored) {
    const index = table.indexes.find((one) => one.id === id);
    const now = index && JSON.stringify(index.keys);
    if (now === keys) continue;
    sql('DELETE FROM dynamodb_entries WHERE idx = ?').run(Number(id));
    if (!index) sql('DELETE FROM dynamodb_indexes WHERE id = ?').run(Number(id));
    else {
      fill(table, index);
      sql('UPDATE dynamodb_indexes SET keys = ? WHERE id = ?').run(now as string, index.id);
    }
  }
}

function retime(sql: Store['sql'], { id, ttl }: Table): void {
  sql(`UPDATE dynamodb_items SET expires = CASE WHEN ?1 IS NULL THEN NULL
    ELSE CAST(json_extract(item, '$."' || ?1 || '".N') AS INTEGER) END WHERE tbl = ?2`).run(ttl ?? null, id);
}
