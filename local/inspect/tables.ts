import { call } from '../call.ts';
import type { Services } from '../services.ts';
import { type Asked, type Inside, named, type Row, shortened } from './inside.ts';

interface Description {
  KeySchema: { AttributeName: string }[];
  AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
}

type Attribute = { L?: Attribute[]; M?: Record<string, Attribute>; NS?: string[]; N?: string } & Row;

/** Every table with its count; the items of one; those below one partition key. */
export function tables(inside: Inside, asked: Asked): Row[] | Promise<Row[]> {
  const names = namesOf(inside.services);
  if (asked.name) return items(inside.services, { ...asked, name: named(names, asked.name) });
  const count = inside.store.sql(
    'SELECT count(*) AS n FROM dynamodb_items WHERE tbl = (SELECT id FROM dynamodb_tables WHERE name = ?)',
  );
  return names.map((name) => ({ name, items: count.get(name)?.n }));
}

function namesOf({ tables }: Services): string[] {
  return (call(tables.operations, 'ListTables', {}) as { TableNames: string[] }).TableNames;
}

/** The partition key comes first, so that a row can lead to what is below it. */
async function items({ tables }: Services, { name: TableName, key, limit }: Asked): Promise<Row[]> {
  const { Table } = (await call(tables.operations, 'DescribeTable', { TableName })) as { Table: Description };
  const hash = Table.KeySchema[0]?.AttributeName as string;
  const type = Table.AttributeDefinitions.find(({ AttributeName }) => AttributeName === hash)?.AttributeType;
  const asked = { TableName, Limit: limit, ConsistentRead: true };
  const query = {
    KeyConditionExpression: '#hash = :key',
    ExpressionAttributeNames: { '#hash': hash },
    ExpressionAttributeValues: { ':key': { [type as string]: key } },
  };
  const answer = key
    ? call(tables.operations, 'Query', { ...asked, ...query })
    : call(tables.operations, 'Scan', asked);
  const { Items } = (await answer) as { Items: Record<string, Attribute>[] };
  return Items.map(withoutTypes).map((item) => ({ [hash]: item[hash], ...item }));
}

function withoutTypes(item: Record<string, Attribute>): Row {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, hidden(name, plain(value))]));
}

function plain(attribute: Attribute): unknown {
  const { L, M, N, NS, NULL, ...rest } = attribute;
  if (L) return L.map(plain);
  if (M) return withoutTypes(M);
  if (N !== undefined) return number(N);
  if (NS) return NS.map(number);
  return NULL === undefined ? Object.values(rest)[0] : null;
}

/** Text where a number would lose digits. */
function number(text: string): number | string {
  return String(Number(text)) === text ? Number(text) : text;
}

/** Tokens of all kinds and secrets are for those who hold them. */
function hidden(name: string, value: unknown): unknown {
  return /token$|secret/i.test(name) && typeof value === 'string' ? shortened(value) : value;
}
