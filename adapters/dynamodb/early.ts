import { gunzipSync, gzipSync } from 'node:zlib';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { ticketId } from '#core/tickets/accept.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { remembered, type Told } from '#core/tickets/told.ts';
import { dynamo } from '../aws/clients.ts';
import type { Tables } from './taking.ts';
import type { Writes } from './transaction.ts';

const EARLY_DAYS = 7;

type Named = Pick<Ticket, 'org' | 'source' | 'id'>;

/** What was told of a ticket before it came, as it is stored. */
export interface Early {
  told: Told[];
  version: number;
}

/** The writes that remember what was told of a ticket that is not there. */
export async function waiting({ table, deliveriesTable }: Tables, told: Told, at: string): Promise<Writes> {
  const ticket = { org: told.org, source: told.source, id: ticketId(told) };
  const early = await earlyOf(deliveriesTable, ticket);
  const all = gzipSync(JSON.stringify(remembered(early?.told ?? [], told)));
  const expiresAt = Math.floor(Date.parse(at) / 1000) + EARLY_DAYS * 86_400;
  const { Key, ...condition } = unchanged(deliveriesTable, ticket, early);
  const Item = { ...Key, told: all, version: (early?.version ?? 0) + 1, expiresAt };
  return [
    { Put: { Item, ...condition } },
    {
      ConditionCheck: {
        TableName: table,
        Key: { org: ticket.org, id: ticket.id },
        ConditionExpression: 'attribute_not_exists(id)',
      },
    },
  ];
}

/** What was told of a ticket that did not come yet. */
export async function earlyOf(table: string, ticket: Named): Promise<Early | undefined> {
  const { Item } = await dynamo().send(
    new GetCommand({ TableName: table, Key: earlyKey(ticket), ConsistentRead: true }),
  );
  if (!Item) return undefined;
  return { told: JSON.parse(gunzipSync(Item.told).toString()), version: Item.version };
}

/** That nothing else was told meanwhile. */
export function unchanged(table: string, ticket: Named, early: Early | undefined) {
  return {
    TableName: table,
    Key: earlyKey(ticket),
    ...(early
      ? {
          ConditionExpression: 'version = :version',
          ExpressionAttributeValues: { ':version': early.version },
        }
      : { ConditionExpression: 'attribute_not_exists(pk)' }),
  };
}

function earlyKey({ org, source, id }: Named) {
  return { pk: `${org}#${source}`, sk: `early#${id}` };
}
