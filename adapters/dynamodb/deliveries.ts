import { gunzipSync, gzipSync } from 'node:zlib';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Delivery } from '#core/ports.ts';
import type { Source } from '#core/tickets/ticket.ts';
import { dynamo } from '../aws/clients.ts';
import type { Writes } from './transaction.ts';

const DAY = 86_400;
/** Longer than any provider repeats a delivery, and long enough to read one again after a fix. */
const KEPT_DAYS = 30;
const COUNTED_DAYS = 90;
/** Compressed; an item may have 400 KB in all. */
const MAX_BYTES = 330_000;

/** The writes that keep a delivery and mark its id and its body as seen, each only if they are new. */
export function keeping(table: string, delivery: Delivery, ticketId: string): Writes {
  const body = gzipSync(Buffer.from(delivery.body, 'base64'));
  if (body.length > MAX_BYTES) throw new Fault('TooLarge', 'The delivery is too large to be kept');
  const pk = `${delivery.org}#${delivery.source}`;
  const expiresAt = Math.floor(Date.parse(delivery.receivedAt) / 1000) + KEPT_DAYS * DAY;
  const { bodyHash, headers, receivedAt } = delivery;
  const mark = { pk, ticketId, bodyHash, receivedAt, expiresAt };
  const once = {
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
  return [
    { Put: { TableName: table, Item: { ...mark, sk: `id#${delivery.id}`, headers, body }, ...once } },
    { Put: { TableName: table, Item: { ...mark, sk: `body#${bodyHash}` }, ...once } },
  ];
}

/** A kept delivery, as it was received. Throws `NotFound`. */
export async function keptDelivery(
  table: string,
  { org, source, id }: Pick<Delivery, 'org' | 'source' | 'id'>,
): Promise<Delivery> {
  const key = { pk: `${org}#${source}`, sk: `id#${id}` };
  const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }));
  if (!Item) throw new Fault('NotFound', `No delivery ${id} of ${source} is kept`);
  const body = gunzipSync(Item.body as Uint8Array).toString('base64');
  return {
    org,
    source,
    id,
    body,
    bodyHash: Item.bodyHash,
    headers: Item.headers,
    receivedAt: Item.receivedAt,
  };
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
