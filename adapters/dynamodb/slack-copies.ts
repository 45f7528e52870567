import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { dynamo } from '../aws/clients.ts';
import { NOTICE_SECONDS } from './notices.ts';

/** A request's message in one person's Slack: what is needed to edit it. */
export const Copy = z.object({
  org: z.string(),
  approvalId: z.string(),
  revision: z.int(),
  /** The notice that it tells. */
  noticeId: z.string(),
  channel: z.string(),
  ts: z.string(),
});
export type Copy = z.infer<typeof Copy>;

export interface Copies {
  find(notice: Pick<Copy, 'org' | 'approvalId' | 'noticeId'>): Promise<Copy | undefined>;
  keep(copy: Copy, at: Date): Promise<void>;
  /** Every copy of every revision. */
  of(org: string, approvalId: string): Promise<Copy[]>;
}

/** Copies in the table of the notices that they tell, and for as long. */
export function slackCopies(table: string): Copies {
  return {
    async find({ org, approvalId, noticeId }) {
      const Key = { org, id: prefix(approvalId) + noticeId };
      const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
      return Item && Copy.parse(Item);
    },

    async keep(copy, at) {
      const ttl = Math.floor(at.getTime() / 1000) + NOTICE_SECONDS;
      const Item = { ...copy, id: prefix(copy.approvalId) + copy.noticeId, ttl };
      await dynamo().send(new PutCommand({ TableName: table, Item }));
    },

    async of(org, approvalId) {
      const { Items = [] } = await dynamo().send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'org = :org AND begins_with(id, :prefix)',
          ExpressionAttributeValues: { ':org': org, ':prefix': prefix(approvalId) },
          ConsistentRead: true,
        }),
      );
      return Items.map((item) => Copy.parse(item));
    },
  };
}

function prefix(approvalId: string): string {
  return `slack#${approvalId}#`;
}
