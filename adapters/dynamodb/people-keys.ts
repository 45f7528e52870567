import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import { ApiKey, isLive } from '#core/people/key.ts';
import type { People } from '#core/people/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { below } from './below.ts';
import { type Writes, writeTogether } from './transaction.ts';

async function findKey(table: string, id: string): Promise<ApiKey | undefined> {
  const { Item } = await dynamo().send(
    new GetCommand({ TableName: table, Key: apiKey(id), ConsistentRead: true }),
  );
  return Item && ApiKey.parse(Item);
}

/** API keys, found by their id, and named below their organization. */
export function peopleKeys(
  table: string,
): Pick<People, 'createKey' | 'findKey' | 'keys' | 'replaceKey' | 'revokeKey' | 'touchKey'> {
  return {
    async createKey(key) {
      await writeTogether(creating(table, key));
    },

    async replaceKey(old, key, until) {
      const ending = {
        TableName: table,
        Key: apiKey(old.id),
        UpdateExpression: 'SET expiresAt = :until',
        ConditionExpression:
          'attribute_exists(pk) AND attribute_not_exists(revokedAt) AND expiresAt = :before',
        ExpressionAttributeValues: {
          ':until': until < old.expiresAt ? until : old.expiresAt,
          ':before': old.expiresAt,
        },
      };
      if (await writeTogether([...creating(table, key), { Update: ending }]))
        throw new Fault('Conflict', 'This key was changed or revoked just now; look at it again');
    },

    async keys(org, now) {
      const ids = (await below(table, org, 'KEY#')).map(({ sk }) => String(sk).slice('KEY#'.length));
      const found = await Promise.all(ids.map((id) => findKey(table, id)));
      return found.filter((key) => key !== undefined).filter((key) => isLive(key, now));
    },

    findKey: (id) => findKey(table, id),

    async revokeKey(id, at) {
      await dynamo().send(
        new UpdateCommand({
          TableName: table,
          Key: apiKey(id),
          UpdateExpression: 'SET revokedAt = if_not_exists(revokedAt, :at)',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':at': at },
        }),
      );
    },

    async touchKey(key, at) {
      if (key.lastUsedAt && key.lastUsedAt.slice(0, 16) === at.slice(0, 16)) return;
      await dynamo().send(
        new UpdateCommand({
          TableName: table,
          Key: apiKey(key.id),
          UpdateExpression: 'SET lastUsedAt = :at',
          ExpressionAttributeValues: { ':at': at },
        }),
      );
    },
  };
}

/** A key, and its name below its organization. */
function creating(table: string, key: ApiKey): Writes {
  const ttl = Math.floor(Date.parse(key.expiresAt) / 1000);
  return [
    {
      Put: {
        TableName: table,
        Item: { ...apiKey(key.id), ...key },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    },
    { Put: { TableName: table, Item: { pk: `ORG#${key.org}`, sk: `KEY#${key.id}`, ttl } } },
  ];
}

function apiKey(id: string) {
  return { pk: `KEY#${id}`, sk: 'KEY' };
}
