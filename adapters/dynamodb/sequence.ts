import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Place, Sequence } from '#core/ledger/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused } from './change.ts';
import { writeTogether } from './transaction.ts';

/** Each lost race is against somebody who got the place, so a few dozen outlast any burst of one organization. */
const TRIES = 50;

/**
 * A row per place and a row per entry, written together: no place is given twice, no entry is given two. Rows are never
 * changed, so what follows the last place is always free until somebody has it.
 */
export function dynamoSequence(table: string): Sequence {
  return {
    find: (org, actionId, seq) => find(table, org, entryKey(actionId, seq)),

    async append(org, entry) {
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        const index = await next(table, org);
        const refused = await writeTogether([
          placing(table, { org, sk: entryKey(entry.actionId, entry.seq), place: { ...entry, index } }),
          placing(table, { org, sk: placeKey(index), place: { ...entry, index } }),
        ]);
        if (!refused) return true;
        if (refused[0]) return false;
      }
      throw new Fault('Unavailable', 'Too many entries are sequenced at once; tell it again');
    },

    async alarm({ id, org, ...alarm }) {
      const Item = { pk: sequencePk(org), sk: `ALARM#${id}`, ...alarm };
      const once = { ConditionExpression: 'attribute_not_exists(pk)' };
      await dynamo()
        .send(new PutCommand({ TableName: table, Item, ...once }))
        .catch((error) => (isRefused(error) ? undefined : Promise.reject(error)));
    },
  };
}

export function sequencePk(org: string): string {
  return `ORG#${org}`;
}

/** Keys of places sort as their numbers do. */
export function placeKey(index: number): string {
  return numbered('S', index);
}

export function numbered(kind: string, number: number): string {
  return `${kind}#${String(number).padStart(12, '0')}`;
}

function entryKey(actionId: string, seq: number): string {
  return `E#${actionId}#${String(seq).padStart(8, '0')}`;
}

function placing(TableName: string, { org, sk, place }: { org: string; sk: string; place: Place }) {
  const Item = { pk: sequencePk(org), sk, ...place };
  return { Put: { TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' } };
}

async function find(table: string, org: string, sk: string): Promise<Place | undefined> {
  const Key = { pk: sequencePk(org), sk };
  const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item && placeOf(Item);
}

/** The first place that nobody has. */
async function next(table: string, org: string): Promise<number> {
  const { Items = [] } = await dynamo().send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :places)',
      ExpressionAttributeValues: { ':pk': sequencePk(org), ':places': 'S#' },
      ScanIndexForward: false,
      Limit: 1,
      ConsistentRead: true,
    }),
  );
  return Items[0] ? placeOf(Items[0]).index + 1 : 0;
}

export function placeOf({ index, actionId, seq, hash, at }: Record<string, unknown>): Place {
  return { index, actionId, seq, hash, at } as Place;
}
