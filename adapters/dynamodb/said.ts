import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Said } from '#core/tickets/answer.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { dynamo } from '../aws/clients.ts';

/** What was said at the sources of tickets, in the table of their deliveries. */
export interface SaidStore {
  find(ticket: Ticket): Promise<Said | undefined>;
  keep(ticket: Ticket, said: Said): Promise<void>;
}

/** One row for each ticket, beside its deliveries. */
export function dynamoSaid(table: string): SaidStore {
  const keyOf = ({ org, source, id }: Ticket) => ({ pk: `${org}#${source}`, sk: `said#${id}` });
  return {
    find: async (ticket) => {
      const { Item } = await dynamo().send(
        new GetCommand({ TableName: table, Key: keyOf(ticket), ConsistentRead: true }),
      );
      return Item && { ref: String(Item.ref), text: String(Item.text) };
    },
    keep: async (ticket, { ref, text }) => {
      await dynamo().send(new PutCommand({ TableName: table, Item: { ...keyOf(ticket), ref, text } }));
    },
  };
}
