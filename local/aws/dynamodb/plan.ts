import { AwsError, only } from '../service.ts';
import { apply } from './apply.ts';
import { readCondition } from './condition.ts';
import { holds } from './evaluate.ts';
import { broken, invalidValue, oneOf } from './invalid.ts';
import type { Row } from './items.ts';
import { checkItem, checkUpdated, type KeyBytes, readKey } from './keys.ts';
import type { Condition } from './operands.ts';
import { scopeOf } from './scope.ts';
import { names, type Table } from './table.ts';
import type { Tables } from './tables.ts';
import { readUpdate, type Update } from './update.ts';
import { type Item, readItem } from './value.ts';

export type Kind = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';

/** One write, read and checked as far as that goes without the item it meets. */
export interface Plan {
  table: Table;
  key: KeyBytes;
  /** Whether only the condition counts and nothing is written. */
  checkOnly: boolean;
  update?: Update;
  /** The item to be stored, given what is there now. Throws ConditionalCheckFailedException first. */
  after(before: Row | undefined): Item | undefined;
}

const COMMON = [
  'TableName',
  'ConditionExpression',
  'ExpressionAttributeNames',
  'ExpressionAttributeValues',
  'ReturnValuesOnConditionCheckFailure',
];
const MEMBERS: Record<Kind, string[]> = {
  Put: [...COMMON, 'Item'],
  Update: [...COMMON, 'Key', 'UpdateExpression'],
  Delete: [...COMMON, 'Key'],
  ConditionCheck: [...COMMON, 'Key'],
};

/** Reads the parameters of one write; `extra` lists those that this caller has dealt with itself. */
// biome-ignore lint/suspicious/noExplicitAny: unknown members are refused first
export function readPlan(tables: Tables, kind: Kind, input: any, extra: string[] = []): Plan {
  only(extra.length > 0 ? `${kind}Item` : kind, input, [...MEMBERS[kind], ...extra]);
  const table = tables.find(input.TableName);
  const scope = scopeOf(input, {
    ...(kind === 'Update' && { UpdateExpression: input.UpdateExpression }),
    ConditionExpression: input.ConditionExpression,
  });
  const update = input.UpdateExpression === undefined ? undefined : readUpdate(input.UpdateExpression, scope);
  const condition = readOptional(kind, input.ConditionExpression, scope);
  scope.done();
  if (update) refuseKeyTargets(table, update);
  const onFailure = input.ReturnValuesOnConditionCheckFailure;
  const showOld = oneOf('returnValuesOnConditionCheckFailure', onFailure, ['ALL_OLD', 'NONE']) === 'ALL_OLD';
  const { key, next } = readNext(table, kind, { input, update });
  return {
    table,
    key,
    checkOnly: kind === 'ConditionCheck',
    update,
    after: (before) => {
      if (condition && !holds(condition, before?.item ?? {}))
        throw conditionFailed(showOld ? before : undefined);
      return next(before?.item);
    },
  };
}

function readOptional(kind: Kind, expression: string | undefined, scope: ReturnType<typeof scopeOf>) {
  if (expression !== undefined) return readCondition('ConditionExpression', expression, scope);
  if (kind === 'ConditionCheck') throw broken('conditionExpression', undefined, 'Member must not be null');
  return undefined as Condition | undefined;
}

interface Next {
  key: KeyBytes;
  next: (before: Item | undefined) => Item | undefined;
}

function readNext(
  table: Table,
  kind: Kind,
  { input, update }: { input: { Key?: unknown; Item?: unknown }; update?: Update },
): Next {
  if (kind === 'Put') {
    if (input.Item === undefined) throw broken('item', undefined, 'Member must not be null');
    const item = readItem(input.Item);
    return { key: checkItem(table, item), next: () => item };
  }
  const { key, bytes } = readKey(table, input.Key);
  if (kind === 'Delete') return { key: bytes, next: () => undefined };
  if (kind === 'ConditionCheck') return { key: bytes, next: (before) => before };
  return {
    key: bytes,
    next: (before) => {
      const after = update ? apply(update, before ?? key) : (before ?? key);
      checkUpdated(table, after);
      return after;
    },
  };
}

function refuseKeyTargets(table: Table, update: Update): void {
  const name = names(table.keys).find((one) => update.targets.some(([top]) => top === one));
  if (name !== undefined)
    throw invalidValue(`Cannot update attribute ${name}. This attribute is part of the key`);
}

function conditionFailed(before: Row | undefined): AwsError {
  const detail = before ? { Item: before.item } : {};
  return new AwsError('ConditionalCheckFailedException', 'The conditional request failed', 400, detail);
}
