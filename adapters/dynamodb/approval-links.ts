import { GetCommand, PutCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { CODE_TRIES, type Links, type StoredLink } from '#core/approvals/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { linkId } from './approval-rows.ts';

/** Seconds that a link's row outlives the link, so that a late click still gets an answer. */
const AFTERLIFE = 30 * 24 * 3600;

/** Links in a table of their own: the page that a GET reaches may write here and nowhere else. */
export function dynamoLinks(table: string): Links {
  const change = (org: string, hash: string, { set, at }: { set: string; at: string }) =>
    update(table, {
      Key: { id: linkId(org, hash) },
      UpdateExpression: 'SET #set = :at',
      ConditionExpression: 'attribute_exists(id) AND attribute_not_exists(#set)',
      ExpressionAttributeNames: { '#set': set },
      ExpressionAttributeValues: { ':at': at },
    });

  return {
    async issue(link) {
      const ttl = Math.floor(Date.parse(link.expiresAt) / 1000) + AFTERLIFE;
      const Item = { id: linkId(link.org, link.hash), ...link, ttl };
      try {
        await dynamo().send(
          new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(id)' }),
        );
      } catch (error) {
        if (!isRefused(error)) throw error;
      }
    },

    async find(org, hash) {
      const Key = { id: linkId(org, hash) };
      const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
      return Item as StoredLink | undefined;
    },

    async attempt(org, hash) {
      try {
        const { Attributes } = await dynamo().send(
          new UpdateCommand({
            TableName: table,
            Key: { id: linkId(org, hash) },
            UpdateExpression: 'ADD tries :one',
            ConditionExpression:
              'attribute_exists(id) AND (attribute_not_exists(tries) OR tries < :most) AND attribute_not_exists(revokedAt)',
            ExpressionAttributeValues: { ':one': 1, ':most': CODE_TRIES },
            ReturnValues: 'UPDATED_NEW',
          }),
        );
        return CODE_TRIES - Number(Attributes?.tries);
      } catch (error) {
        if (isRefused(error)) return undefined;
        throw error;
      }
    },

    async look({ org, approvalId, approver, at }) {
      const ttl = Math.floor(Date.parse(at) / 1000) + AFTERLIFE;
      await update(table, {
        Key: { id: `${org}#view#${approvalId}#${approver}` },
        UpdateExpression: 'SET org = :org, approvalId = :id, approver = :by, openedAt = :at, #ttl = :ttl',
        ConditionExpression: 'attribute_not_exists(id)',
        ExpressionAttributeNames: { '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':org': org,
          ':id': approvalId,
          ':by': approver,
          ':at': at,
          ':ttl': ttl,
        },
      });
    },

    open: (org, hash, at) => change(org, hash, { set: 'openedAt', at }),
    revoke: (org, hash, at) => change(org, hash, { set: 'revokedAt', at }),
  };
}

/** An update that its condition refuses was made before. */
async function update(TableName: string, change: Omit<UpdateCommandInput, 'TableName'>): Promise<void> {
  try {
    await dynamo().send(new UpdateCommand({ TableName, ...change }));
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
}

function isRefused(error: unknown): boolean {
  return (error as Error).name === 'ConditionalCheckFailedException';
}
