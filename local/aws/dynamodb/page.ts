import type { Store } from '../../store.ts';
import { invalid } from './invalid.ts';
import type { Stretch } from './key-condition.ts';
import { hasKey, indexKey, type KeyBytes, pick, readKeyBytes } from './keys.ts';
import type { Index, Table } from './table.ts';
import { copyOf, type Item, readItem, sizeOf } from './value.ts';

/** What a Query or a Scan reads, before filter and projection. */
export interface Reading {
  table: Table;
  index?: Index;
  /** Only this stretch of one partition; otherwise everything. */
  stretch?: Stretch;
  backwards: boolean;
  limit: number;
  /** The ExclusiveStartKey as it came. */
  after?: unknown;
}

export interface Page {
  items: Item[];
  /** The LastEvaluatedKey. */
  last?: Item;
}

const MAX_PAGE = 1024 * 1024;

/** Reads one page, up to `limit` items or the item that exceeds 1 MB, in key order, straight from the range it lies in. */
export function readPage(store: Store, reading: Reading): Page {
  const { text, values } = statement(reading);
  const page: Page = { items: [] };
  let bytes = 0;
  for (const row of store.sql(text).iterate(...values)) {
    const { item, size } = seen(reading.index, row as { item: string; size: number });
    bytes += size;
    page.items.push(item);
    if (bytes > MAX_PAGE || page.items.length >= reading.limit)
      return { ...page, last: positionOf(reading, page) };
  }
  return page;
}

function seen(index: Index | undefined, row: { item: string; size: number }): { item: Item; size: number } {
  const whole = JSON.parse(row.item) as Item;
  if (!index?.shows) return { item: whole, size: row.size };
  const item = copyOf({});
  for (const [name, value] of Object.entries(whole)) if (index.shows.has(name)) item[name] = value;
  return { item, size: sizeOf(item) };
}

function positionOf({ table, index }: { table: Table; index?: Index }, { items }: Page): Item {
  const last = items.at(-1) as Item;
  return index ? pick(last, index.keys, table.keys) : pick(last, table.keys);
}

/** One range scan: the columns of the key that are not fixed give order, bounds and starting point. */
function statement(reading: Reading): { text: string; values: (Buffer | number)[] } {
  const { table, index, stretch, backwards } = reading;
  const columns = [...(stretch ? [] : ['e.hash']), 'e.range', ...(index ? ['e.pk', 'e.sk'] : [])];
  const start = startOf(reading);
  const where: [string, ...(Buffer | number)[]][] = [
    index ? ['e.idx = ?', index.id] : ['e.tbl = ?', table.id],
    ...(stretch ? within(stretch) : []),
    ...(start ? [beyond(columns, start, backwards)] : []),
  ];
  const from = index
    ? 'i.item, i.size FROM dynamodb_entries e CROSS JOIN dynamodb_items i ON i.id = e.item'
    : 'e.item, e.size FROM dynamodb_items e';
  const order = columns.map((column) => `${column} ${backwards ? 'DESC' : 'ASC'}`).join(', ');
  return {
    text: `SELECT ${from} WHERE ${where.map(([condition]) => condition).join(' AND ')} ORDER BY ${order}`,
    values: where.flatMap(([, ...values]) => values),
  };
}

function within({ hash, low, high }: Stretch): [string, Buffer][] {
  const conditions: [string, Buffer][] = [['e.hash = ?', hash]];
  if (low) conditions.push([`e.range ${low.open ? '>' : '>='} ?`, low.bytes]);
  if (high) conditions.push([`e.range ${high.open ? '<' : '<='} ?`, high.bytes]);
  return conditions;
}

interface Start {
  own: KeyBytes;
  base: KeyBytes;
}

function beyond(columns: string[], { own, base }: Start, backwards: boolean): [string, ...Buffer[]] {
  const at: Record<string, Buffer> = {
    'e.hash': own.hash,
    'e.range': own.range,
    'e.pk': base.hash,
    'e.sk': base.range,
  };
  const marks = columns.map(() => '?').join(', ');
  const values = columns.map((column) => at[column] as Buffer);
  return [`(${columns.join(', ')}) ${backwards ? '<' : '>'} (${marks})`, ...values];
}

function startOf({ table, index, stretch, after }: Reading): Start | undefined {
  if (after === undefined || after === null) return undefined;
  const key = readItem(after);
  const wanted = Object.keys(pick(key, table.keys, ...(index ? [index.keys] : [])));
  const all = [table.keys, ...(index ? [index.keys] : [])];
  if (Object.keys(key).length !== wanted.length || !all.every((keys) => hasKey(keys, key))) {
    throw invalid('The provided starting key is invalid');
  }
  const base = readKeyBytes(table.keys, key);
  const own = index ? indexKey(index, key) : base;
  if (!own || (stretch && !covers(stretch, own))) {
    throw invalid('The provided starting key is outside query boundaries based on provided conditions');
  }
  return { own, base };
}

function covers({ hash, low, high }: Stretch, key: KeyBytes): boolean {
  if (!hash.equals(key.hash)) return false;
  if (low && Buffer.compare(key.range, low.bytes) < (low.open ? 1 : 0)) return false;
  return !(high && Buffer.compare(key.range, high.bytes) > (high.open ? -1 : 0));
}
