import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { BatchIntent, BatchIntents } from '#core/agents/batch.ts';
import { Fault } from '#core/fault.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused } from './change.ts';
import { writeTogether } from './transaction.ts';

/** Beside the run that pays for them, with a row for each of the provider's batches that says whose it is. */
export function dynamoBatchIntents(table: string, org: string, runId: string): BatchIntents {
  const key = (id: string) => ({ run: `${org}#${runId}`, sk: `BATCH#${id}` });
  const ownerKey = (batchId: string) => ({ run: `${org}#batches`, sk: `BATCH#${batchId}` });
  const read = async (Key: Record<string, string>) =>
    (await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))).Item;
  return {
    async intend(intent) {
      try {
        const once = { ConditionExpression: 'attribute_not_exists(sk)' };
        await dynamo().send(
          new PutCommand({ TableName: table, Item: { ...key(intent.id), ...intent }, ...once }),
        );
        return intent;
      } catch (error) {
        const stored = isRefused(error) ? await read(key(intent.id)) : undefined;
        if (!stored) throw error;
        const { id, at, count, triedAt, batchId } = stored as unknown as BatchIntent;
        return { id, at, count, triedAt, batchId };
      }
    },

    async tried(id, at) {
      await dynamo().send(
        new UpdateCommand({
          TableName: table,
          Key: key(id),
          UpdateExpression: 'SET triedAt = :at',
          ExpressionAttributeValues: { ':at': at },
        }),
      );
    },

    async adopt(id, batchId) {
      const refused = await writeTogether([
        {
          Put: {
            TableName: table,
            Item: { ...ownerKey(batchId), owner: `${runId}#${id}` },
            ConditionExpression: 'attribute_not_exists(sk) OR #owner = :owner',
            ExpressionAttributeNames: { '#owner': 'owner' },
            ExpressionAttributeValues: { ':owner': `${runId}#${id}` },
          },
        },
        {
          Update: {
            TableName: table,
            Key: key(id),
            UpdateExpression: 'SET batchId = :batch',
            ConditionExpression: 'attribute_not_exists(batchId) OR batchId = :batch',
            ExpressionAttributeValues: { ':batch': batchId },
          },
        },
      ]);
      if (refused) throw new Fault('Conflict', `Batch ${batchId} belongs to another intent`);
    },

    ownerOf: async (batchId) => (await read(ownerKey(batchId)))?.owner as string | undefined,
  };
}
