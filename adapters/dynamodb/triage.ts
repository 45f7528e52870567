import { GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { Learned } from '#core/triage/adapt.ts';
import { Correction } from '#core/triage/correction.ts';
import type { Lessons } from '#core/triage/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused } from './change.ts';
import { writeTogether } from './transaction.ts';

const CURRENT = 'CURRENT';

/** Corrections, each written once beside the ticket that it corrects, and what was learned from them. */
export function dynamoLessons(
  table: string,
  ticketsTable: string,
  find: (org: string, id: string) => Promise<Ticket | undefined>,
): Lessons {
  return {
    async correct(correction, classification) {
      const { org, ticketId, version, at, after } = correction;
      const refused = await writeTogether([
        {
          Put: {
            TableName: table,
            Item: { pk: `${org}#corrections`, sk: `${at}#${ticketId}#${version}`, ...correction },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
        {
          Update: {
            TableName: ticketsTable,
            Key: { org, id: ticketId },
            UpdateExpression: `SET classification = :said, updatedAt = :at, version = version + :one${after.priority ? ', priority = :priority' : ''}`,
            ConditionExpression: 'version = :version',
            ExpressionAttributeValues: {
              ...{ ':said': classification, ':at': at, ':one': 1, ':version': version },
              ...(after.priority && { ':priority': after.priority }),
            },
          },
        },
      ]);
      const ticket = await find(org, ticketId);
      if (refused || !ticket)
        throw new Fault('Conflict', 'The ticket has changed meanwhile; look at it again, then correct it');
      return ticket;
    },

    async corrections(org, limit) {
      const items: Correction[] = [];
      let start: Record<string, unknown> | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await dynamo().send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': `${org}#corrections` },
            ScanIndexForward: false,
            Limit: limit - items.length,
            ExclusiveStartKey: start,
            ConsistentRead: true,
          }),
        );
        items.push(...Items.map((item) => Correction.parse(item)));
        start = LastEvaluatedKey;
      } while (start && items.length < limit);
      return items;
    },

    async learned(org) {
      const Key = { pk: `${org}#learned`, sk: CURRENT };
      const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
      return Item && Learned.parse(JSON.parse(Item.learned));
    },

    async ship(org, learned) {
      const { version } = learned;
      const Item = { pk: `${org}#learned`, sk: CURRENT, version, learned: JSON.stringify(learned) };
      const condition =
        version === 1
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: 'version = :before',
              ExpressionAttributeValues: { ':before': version - 1 },
            };
      try {
        await dynamo().send(new PutCommand({ TableName: table, Item, ...condition }));
        return true;
      } catch (error) {
        if (!isRefused(error)) throw error;
        return false;
      }
    },
  };
}
