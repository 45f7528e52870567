import { gunzipSync, gzipSync } from 'node:zlib';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Deliveries, Delivery, DeliveryOutcome, DeliveryQuery, KeptDelivery } from '#core/ports.ts';
import type { Source } from '#core/tickets/ticket.ts';
import { dynamo } from '../aws/clients.ts';
import { cursorOf, positionOf } from './cursor.ts';
import { newest } from './newest.ts';
import type { Writes } from './transaction.ts';

const DAY = 86_400;
/** Longer than any provider repeats a delivery, and long enough to read one again after a fix. */
const KEPT_DAYS = 30;
const COUNTED_DAYS = 90;
/** Compressed; an item may have 400 KB in all. */
const MAX_BYTES = 330_000;

type Item = Record<string, unknown>;

/** What is written of a delivery besides its bytes. */
export interface How {
  outcome: DeliveryOutcome;
  why?: string | undefined;
  ticketId?: string | undefined;
}

/** Kept deliveries, by organization. */
export function dynamoDeliveries(table: string): Deliveries {
  return {
    list: (org, query) => list(table, org, query),
    find: async (org, source, id) => {
      const Item = await rowOf(table, { org, source, id });
      return Item && { kept: keptOf(Item), delivery: deliveryOf(Item) };
    },
  };
}

/** The writes that keep a delivery and mark its id and its body as done, each only if they are not. */
export function keeping(table: string, delivery: Delivery, how: How & { ticketId: string }): Writes {
  const { org, source, bodyHash, receivedAt } = delivery;
  const mark = {
    pk: `${org}#${source}`,
    sk: `body#${bodyHash}`,
    ticketId: how.ticketId,
    bodyHash,
    receivedAt,
  };
  return [
    { Put: raw(table, delivery, how) },
    {
      Put: {
        TableName: table,
        Item: { ...mark, expiresAt: expiry(receivedAt) },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    },
  ];
}

/** The write that keeps a delivery's bytes. One that changed no ticket is written again by the same bytes, and by no others. */
export function raw(table: string, delivery: Delivery, how: How) {
  const body = gzipSync(Buffer.from(delivery.body, 'base64'));
  if (body.length > MAX_BYTES) throw new Fault('TooLarge', 'The delivery is too large to be kept');
  const { org, source, id, bodyHash, headers, receivedAt } = delivery;
  const Item = {
    ...{ pk: `${org}#${source}`, sk: `id#${id}`, org, source, id, bodyHash, headers, receivedAt, body },
    ...{ outcome: how.outcome, why: how.why?.slice(0, 1_000), ticketId: how.ticketId },
    expiresAt: expiry(receivedAt),
  };
  return {
    TableName: table,
    Item,
    ConditionExpression:
      'attribute_not_exists(pk) OR (bodyHash = :hash AND outcome IN (:event, :ignored, :malformed))',
    ExpressionAttributeValues: {
      ':hash': bodyHash,
      ':event': 'event',
      ':ignored': 'ignored',
      ':malformed': 'malformed',
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}

function expiry(receivedAt: string): number {
  return Math.floor(Date.parse(receivedAt) / 1000) + KEPT_DAYS * DAY;
}

async function rowOf(table: string, { org, source, id }: Pick<Delivery, 'org' | 'source' | 'id'>) {
  const Key = { pk: `${org}#${source}`, sk: `id#${id}` };
  const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item;
}

function deliveryOf(item: Item): Delivery {
  const { org, source, id, bodyHash, headers, receivedAt } = item as unknown as Delivery;
  const body = gunzipSync(item.body as Uint8Array).toString('base64');
  return { org, source, id, bodyHash, headers, receivedAt, body };
}

function keptOf(item: Item): KeptDelivery {
  const { org, source, id, bodyHash, headers, receivedAt, outcome, why, ticketId } =
    item as unknown as KeptDelivery;
  const also = { ...(why && { why }), ...(ticketId && { ticketId }) };
  return { org, source, id, bodyHash, headers, receivedAt, outcome, ...also };
}

async function list(table: string, org: string, { source, outcome, limit, cursor }: DeliveryQuery) {
  const wanted = Object.entries({ source, outcome }).filter(([, value]) => value !== undefined);
  const { items, last } = await newest(
    {
      TableName: table,
      IndexName: 'byReceived',
      KeyConditionExpression: 'org = :org',
      ExpressionAttributeValues: {
        ':org': org,
        ...Object.fromEntries(wanted.map(([name, value]) => [`:${name}`, value])),
      },
      ...(wanted.length > 0 && {
        FilterExpression: wanted.map(([name]) => `#${name} = :${name}`).join(' AND '),
        ExpressionAttributeNames: Object.fromEntries(wanted.map(([name]) => [`#${name}`, name])),
      }),
      ExclusiveStartKey: cursor ? startAt(org, cursor) : undefined,
    },
    limit,
  );
  const next = last && cursorOf([String(last.receivedAt), `${last.source}#${last.id}`]);
  return { deliveries: items.map(keptOf), ...(next && { cursor: next }) };
}

function startAt(org: string, cursor: string): Record<string, string> {
  const [receivedAt, named] = positionOf(cursor);
  const [, source = '', id = ''] = /^([^#]*)#(.*)$/s.exec(named) ?? [];
  return { org, receivedAt, pk: `${org}#${source}`, sk: `id#${id}` };
}

/** One counter per organization, source, reason and day; it goes after three months. */
export async function countRefused(
  table: string,
  { org, source, reason, now }: { org: string; source: Source; reason: string; now: Date },
): Promise<void> {
  const expiresAt = Math.floor(now.getTime() / 1000) + COUNTED_DAYS * DAY;
  const sk = `refused#${now.toISOString().slice(0, 10)}#${reason}`;
  await dynamo().send(
    new UpdateCommand({
      TableName: table,
      Key: { pk: `${org}#${source}`, sk },
      UpdateExpression: 'SET expiresAt = :expiresAt ADD times :one',
      ExpressionAttributeValues: { ':expiresAt': expiresAt, ':one': 1 },
    }),
  );
}
