import { createHash } from 'node:crypto';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Notice } from '#core/notice.ts';
import type { Notices } from '#core/ports.ts';
import { dynamo } from '../aws/clients.ts';

/** Seconds that a notice is kept after it was posted. */
export const NOTICE_SECONDS = 90 * 24 * 3600;

/** Notices that were posted, and to whom each was sent. */
export interface SentNotices extends Notices {
  find(org: string, id: string): Promise<{ notice: Notice; sentTo(email: string): boolean } | undefined>;
  markSent(org: string, id: string, sent: { to: string; at: string }): Promise<void>;
}

export function dynamoNotices(table: string): SentNotices {
  return {
    async post(notice) {
      const Item = noticeRow(notice);
      try {
        await dynamo().send(
          new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(id)' }),
        );
      } catch (error) {
        if ((error as Error).name !== 'ConditionalCheckFailedException') throw error;
      }
    },

    async find(org, id) {
      const { Item } = await dynamo().send(
        new GetCommand({ TableName: table, Key: { org, id }, ConsistentRead: true }),
      );
      if (!Item) return undefined;
      return { notice: Notice.parse(Item), sentTo: (email) => hashed(email) in (Item.sent ?? {}) };
    },

    async markSent(org, id, { to, at }) {
      await dynamo().send(
        new UpdateCommand({
          TableName: table,
          Key: { org, id },
          UpdateExpression: 'SET sent.#to = if_not_exists(sent.#to, :at)',
          ExpressionAttributeNames: { '#to': hashed(to) },
          ExpressionAttributeValues: { ':at': at },
        }),
      );
    },
  };
}

/** A notice as it is stored, to nobody sent yet. */
export function noticeRow(notice: Notice) {
  const ttl = Math.floor(Date.parse(notice.at) / 1000) + NOTICE_SECONDS;
  return { ...Notice.parse(notice), sent: {}, ttl };
}

function hashed(email: string): string {
  return createHash('sha256').update(email).digest('hex').slice(0, 16);
}
