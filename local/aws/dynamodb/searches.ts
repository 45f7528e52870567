import type { Store } from '../../store.ts';
import { type Operations, only } from '../service.ts';
import { readCondition } from './condition.ts';
import { holds } from './evaluate.ts';
import { broken, invalid, invalidValue, oneOf } from './invalid.ts';
import { readKeyCondition } from './key-condition.ts';
import { refuseCapacity } from './limits.ts';
import type { Condition, Part } from './operands.ts';
import { readPage } from './page.ts';
import { project, readProjection } from './path.ts';
import { type Scope, scopeOf } from './scope.ts';
import { type Index, names, type Table } from './table.ts';
import type { Tables } from './tables.ts';

const SCAN = [
  'TableName',
  'IndexName',
  'FilterExpression',
  'ProjectionExpression',
  'ExpressionAttributeNames',
  'ExpressionAttributeValues',
  'Limit',
  'ExclusiveStartKey',
  'ConsistentRead',
  'Select',
  'ReturnConsumedCapacity',
];
const QUERY = [...SCAN, 'KeyConditionExpression', 'ScanIndexForward'];
const SELECTS = ['SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES'] as const;

/** Query and Scan. */
export function searches({ store, tables }: { store: Store; tables: Tables }): Operations {
  return {
    Query: (input) => {
      only('Query', input, QUERY);
      return search('Query', input);
    },
    Scan: (input) => {
      only('Scan', input, SCAN);
      return search('Scan', input);
    },
  };

  // biome-ignore lint/suspicious/noExplicitAny: the operations above have refused unknown members
  function search(operation: 'Query' | 'Scan', input: any) {
    refuseCapacity(operation, input);
    const table = tables.find(input.TableName);
    const index = indexOf(table, input);
    const keys = (index ?? table).keys;
    const scope = scopeOf(input, {
      KeyConditionExpression: input.KeyConditionExpression,
      FilterExpression: input.FilterExpression,
      ProjectionExpression: input.ProjectionExpression,
    });
    const stretch =
      operation === 'Query' ? readKeyCondition(keys, input.KeyConditionExpression, scope) : undefined;
    const filter = readFilter(input.FilterExpression, scope, {
      keys: operation === 'Query' ? names(keys) : [],
      index,
    });
    const paths = readProjection(input.ProjectionExpression, scope);
    scope.done();
    checkSelect(input, index, paths?.map(([name]) => name) ?? []);
    const { items: scanned, last } = readPage(store, {
      table,
      index,
      stretch,
      backwards: input.ScanIndexForward === false,
      limit: readLimit(input.Limit),
      after: input.ExclusiveStartKey,
    });
    const found = filter ? scanned.filter((item) => holds(filter, item)) : scanned;
    return {
      ...(input.Select !== 'COUNT' && { Items: paths ? found.map((item) => project(item, paths)) : found }),
      Count: found.length,
      ScannedCount: scanned.length,
      LastEvaluatedKey: last,
    };
  }
}

function indexOf(table: Table, input: { IndexName?: string; ConsistentRead?: boolean }): Index | undefined {
  if (input.IndexName === undefined) return undefined;
  const index = table.indexes.find(({ name }) => name === input.IndexName);
  if (!index) throw invalid(`The table does not have the specified index: ${input.IndexName}`);
  if (input.ConsistentRead) throw invalid('Consistent reads are not supported on global secondary indexes');
  return index;
}

function readFilter(
  expression: string | undefined,
  scope: Scope,
  { keys, index }: { keys: string[]; index?: Index },
): Condition | undefined {
  if (expression === undefined) return undefined;
  const filter = readCondition('FilterExpression', expression, scope);
  const used = topNames(filter);
  const key = used.find((name) => keys.includes(name));
  if (key !== undefined) {
    throw invalid(
      `Filter Expression can only contain non-primary key attributes: Primary key attribute: ${key}`,
    );
  }
  const hidden = used.filter((name) => index?.shows && !index.shows.has(name));
  if (hidden.length === 0) return filter;
  throw invalidValue(
    `Secondary index ${index?.name} does not project one or more filter attributes: [${hidden.join(', ')}]`,
  );
}

function topNames(condition: Condition): string[] {
  if (condition.is === 'and' || condition.is === 'or') {
    return [...topNames(condition.left), ...topNames(condition.right)];
  }
  if (condition.is === 'not') return topNames(condition.inner);
  return operandsOf(condition).flatMap((operand) => {
    const inner = 'sizeOf' in operand ? operand.sizeOf : operand;
    return 'path' in inner ? [inner.path[0]] : [];
  });
}

function operandsOf(condition: Part) {
  if (condition.is === 'comparison') return [condition.left, condition.right];
  if (condition.is === 'between') return [condition.operand, condition.low, condition.high];
  return condition.is === 'in' ? [condition.operand, ...condition.list] : condition.operands;
}

function readLimit(limit: number | undefined): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  if (limit >= 1) return limit;
  throw broken('limit', limit, 'Member must have value greater than or equal to 1');
}

function checkSelect(input: { Select?: string }, index: Index | undefined, projected: string[]): void {
  const select = oneOf('select', input.Select, SELECTS);
  if (projected.length > 0 && select && select !== 'SPECIFIC_ATTRIBUTES') {
    throw invalid(`Cannot specify the ProjectionExpression when choosing to get ${select}`);
  }
  if (select === 'SPECIFIC_ATTRIBUTES' && projected.length === 0) {
    throw invalid(
      'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
    );
  }
  if (select === 'ALL_PROJECTED_ATTRIBUTES' && !index) {
    throw invalid('ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName');
  }
  const shows = index?.shows;
  if (!shows) return;
  if (select === 'ALL_ATTRIBUTES') {
    throw invalidValue(
      'Select type ALL_ATTRIBUTES is not supported for global secondary index ' +
        `${index.name} because its projection type is not ALL`,
    );
  }
  const hidden = projected.filter((name) => !shows.has(name));
  if (hidden.length > 0) {
    throw invalidValue(`Global secondary index ${index.name} does not project [${hidden.join(', ')}]`);
  }
}
