import { type Operations, only } from '../service.ts';
import { broken, invalid } from './invalid.ts';
import type { Items } from './items.ts';
import { readKey } from './keys.ts';
import { refuseCapacity, refuseDuplicates, tooMany } from './limits.ts';
import { project, readProjection } from './path.ts';
import { scopeOf } from './scope.ts';
import type { Tables } from './tables.ts';
import type { Item } from './value.ts';

const NAMES = ['ProjectionExpression', 'ExpressionAttributeNames'];
const GET = ['TableName', 'Key', ...NAMES];
const MAX_BATCH = 100;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

interface BatchRequest {
  Keys: unknown[];
}

/** The operations that read by key. Every read is consistent, also where the request does not insist on it. */
export function gets({ tables, items }: { tables: Tables; items: Items }): Operations {
  return {
    GetItem: (input) => {
      only('GetItem', input, [...GET, 'ConsistentRead', 'ReturnConsumedCapacity']);
      refuseCapacity('GetItem', input);
      return { Item: get(input) };
    },
    TransactGetItems: (input) => {
      only('TransactGetItems', input, ['TransactItems', 'ReturnConsumedCapacity']);
      refuseCapacity('TransactGetItems', input);
      const all: { Get: object }[] = input.TransactItems ?? [];
      if (all.length < 1 || all.length > MAX_BATCH) throw tooMany('transactItems', all);
      return { Responses: all.map((one) => ({ Item: transactGet(one) })) };
    },
    BatchGetItem: (input) => {
      only('BatchGetItem', input, ['RequestItems', 'ReturnConsumedCapacity']);
      refuseCapacity('BatchGetItem', input);
      return batchGet(Object.entries(input.RequestItems ?? {}));
    },
  };

  // biome-ignore lint/suspicious/noExplicitAny: the operations above have refused unknown members
  function get(input: any): Item | undefined {
    const table = tables.find(input.TableName);
    const scope = scopeOf(input, { ProjectionExpression: input.ProjectionExpression });
    const paths = readProjection(input.ProjectionExpression, scope);
    scope.done();
    const item = items.read(table, readKey(table, input.Key).bytes)?.item;
    return item && paths ? project(item, paths) : item;
  }

  function transactGet(one: { Get: object }): Item | undefined {
    only('TransactGetItems', one, ['Get']);
    only('TransactGetItems', one.Get, GET);
    return get(one.Get);
  }

  function batchGet(requests: [string, BatchRequest][]) {
    const count = requests.reduce((sum, [, { Keys }]) => sum + Keys.length, 0);
    if (count === 0) throw broken('requestItems', undefined, 'Member must not be null');
    if (count > MAX_BATCH) throw invalid('Too many items requested for the BatchGetItem call');
    const room = { bytes: MAX_BATCH_BYTES };
    const parts = requests.map(([name, request]) => ({ name, ...batchPart(name, request, room) }));
    const left = parts.filter(({ unread }) => unread.Keys.length > 0);
    return {
      Responses: Object.fromEntries(parts.map(({ name, found }) => [name, found])),
      UnprocessedKeys: Object.fromEntries(left.map(({ name, unread }) => [name, unread])),
    };
  }

  function batchPart(name: string, { Keys, ...rest }: BatchRequest, room: { bytes: number }) {
    only('BatchGetItem', rest, [...NAMES, 'ConsistentRead']);
    const table = tables.find(name);
    const keys = Keys.map((key) => readKey(table, key).bytes);
    refuseDuplicates(keys);
    const fits = keys.findIndex((key) => {
      room.bytes -= items.read(table, key)?.size ?? 0;
      return room.bytes < 0;
    });
    const count = fits < 0 ? keys.length : fits;
    const found = Keys.slice(0, count).map((Key) => get({ ...rest, TableName: name, Key }));
    return {
      found: found.filter((item) => item !== undefined),
      unread: { ...rest, Keys: Keys.slice(count) },
    };
  }
}
