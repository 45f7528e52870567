import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import { Signed, TILE } from '#core/ledger/checkpoint.ts';
import type { HeadNode } from '#core/ledger/heads.ts';
import { type Nodes, nodeHash } from '#core/ledger/merkle.ts';
import type { Growth, Trees } from '#core/ledger/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused } from './change.ts';
import { numbered, placeKey, placeOf, sequencePk } from './sequence.ts';
import { writeTogether } from './transaction.ts';

/** The row that says how far a tree has grown: the only one beside the sequence that ever changes. */
export const GROWTH = 'CHECKPOINT';
/** Rows that are written at once. */
const TOGETHER = 50;
const WIDTH = 2 ** TILE;

type Item = Record<string, unknown>;

/** Trees in the sequence's own table. */
export function dynamoTrees(table: string): Trees {
  return {
    async growth(org) {
      const item = await get(table, org, GROWTH);
      return item as Growth | undefined;
    },

    places: async (org, from, most) =>
      (await range(table, org, [placeKey(from), placeKey(from + most - 1)])).map(placeOf),

    headNode: (org, hash) => headNode(table, org, hash),

    async keep(org, full, heads) {
      const rows: Item[] = [
        ...full.map(({ level, index, hash }) => ({ sk: subtreeKey(level, index), hash })),
        ...[...heads].map(([hash, node]) => ({ sk: `H#${hash}`, ...node })),
      ];
      for (let at = 0; at < rows.length; at += TOGETHER) {
        await Promise.all(rows.slice(at, at + TOGETHER).map((row) => putOnce(table, org, row)));
      }
    },

    async advance(org, from, next) {
      const Item = { pk: sequencePk(org), sk: GROWTH, ...next, isArchived: false };
      const isUnmoved = {
        ConditionExpression: from === 0 ? 'attribute_not_exists(pk)' : 'frontier.#size = :from',
        ...(from > 0 && {
          ExpressionAttributeNames: { '#size': 'size' },
          ExpressionAttributeValues: { ':from': from },
        }),
      };
      const kept = { pk: sequencePk(org), sk: numbered('C', next.frontier.size), ...next.signed };
      const refused = await writeTogether([
        { Put: { TableName: table, Item, ...isUnmoved } },
        { Put: { TableName: table, Item: kept, ConditionExpression: 'attribute_not_exists(pk)' } },
      ]);
      return !refused;
    },

    archived: (org, size) => archived(table, org, size),

    async covering(org, size) {
      const [item] = await range(table, org, [numbered('C', size), 'C#~'], 1);
      return item && Signed.parse(item);
    },

    node: (org) => nodesOf(table, org),
  };
}

function subtreeKey(level: number, index: number): string {
  return numbered(`T#${String(level).padStart(2, '0')}`, index);
}

async function headNode(table: string, org: string, hash: string): Promise<HeadNode> {
  const item = await get(table, org, `H#${hash}`);
  if (!item) throw new Fault('Conflict', `The ledger's node ${hash} is missing`);
  const { pk: _pk, sk: _sk, ...node } = item;
  return node as unknown as HeadNode;
}

async function archived(table: string, org: string, size: number): Promise<void> {
  const update = new UpdateCommand({
    TableName: table,
    Key: { pk: sequencePk(org), sk: GROWTH },
    UpdateExpression: 'SET isArchived = :true',
    ConditionExpression: 'frontier.#size = :size',
    ExpressionAttributeNames: { '#size': 'size' },
    ExpressionAttributeValues: { ':true': true, ':size': size },
  });
  await dynamo().send(update).catch(unlessRefused);
}

async function putOnce(table: string, org: string, row: Item): Promise<void> {
  const Item = { pk: sequencePk(org), ...row };
  const once = { ConditionExpression: 'attribute_not_exists(pk)' };
  await dynamo()
    .send(new PutCommand({ TableName: table, Item, ...once }))
    .catch(unlessRefused);
}

function unlessRefused(error: unknown): void {
  if (!isRefused(error)) throw error;
}

async function get(table: string, org: string, sk: string): Promise<Item | undefined> {
  const Key = { pk: sequencePk(org), sk };
  const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item;
}

/** Rows from one key to another, both included. */
async function range(
  table: string,
  org: string,
  [from, to]: [string, string],
  most?: number,
): Promise<Item[]> {
  const found: Item[] = [];
  let start: Item | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await dynamo().send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': sequencePk(org), ':from': from, ':to': to },
        ExclusiveStartKey: start,
        ConsistentRead: true,
        Limit: most,
      }),
    );
    found.push(...Items);
    start = LastEvaluatedKey;
  } while (start && found.length < (most ?? Number.POSITIVE_INFINITY));
  return found;
}

/** Full subtrees, from the kept ones below them: 256 at a time, each read once. */
function nodesOf(table: string, org: string): Nodes {
  const tiles = new Map<string, Promise<Map<string, string>>>();

  async function kept(level: number, index: number): Promise<string> {
    const key = (at: number) => (level === 0 ? placeKey(at) : subtreeKey(level, at));
    const first = index - (index % WIDTH);
    const tile = tiles.get(key(first)) ?? hashesBetween(key(first), key(first + WIDTH - 1));
    tiles.set(key(first), tile);
    const hash = (await tile).get(key(index));
    if (!hash) throw new Fault('Conflict', `The ledger's node ${level}/${index} is missing`);
    return hash;
  }

  async function hashesBetween(from: string, to: string): Promise<Map<string, string>> {
    const items = await range(table, org, [from, to]);
    return new Map(items.map(({ sk, hash }) => [String(sk), String(hash)]));
  }

  const node: Nodes = async (level, index) => {
    if (level % TILE === 0) return kept(level, index);
    const [left, right] = await Promise.all([node(level - 1, index * 2), node(level - 1, index * 2 + 1)]);
    return nodeHash(left, right);
  };
  return node;
}
