import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DeadLetter, DeadLetterQuery, DeadLetters, Failure } from '#core/dead-letters.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused, setting } from './change.ts';
import { cursorOf, positionOf } from './cursor.ts';
import { newest } from './newest.ts';

const DAY = 86_400;
const KEPT_DAYS = 90;
/** As long as SQS keeps the message that a failure is about. */
const NOTED_DAYS = 15;
/** Partition of the notes; no organization can be called so. Whoever reads a queue may write these and nothing else. */
const FAILING = '~failing';
const MAX_WORDS = 1_000;
const COUNTED = 'ADD attempts :attempts, replays :replays';

/** Dead letters by organization, and why messages failed. */
export function dynamoDeadLetters(table: string): DeadLetters {
  return {
    note: async (id, { code, message, at }) => {
      const Item = { org: FAILING, id, code, message: message.slice(0, MAX_WORDS), at };
      await dynamo().send(
        new PutCommand({ TableName: table, Item: { ...Item, expiresAt: expiry(at, NOTED_DAYS) } }),
      );
    },
    lastFailure: async (id) => {
      const Item = await row(table, FAILING, id);
      return Item && ({ code: Item.code, message: Item.message, at: Item.at } as Failure);
    },
    file: (letter) => file(table, letter),
    list: (org, query) => list(table, org, query),
    find: async (org, id) => {
      const Item = await row(table, org, id);
      return Item && letterOf(Item);
    },
    markReplayed: (letter, by, at) => markReplayed(table, letter, { by, at }),
  };
}

async function file(
  table: string,
  { org, id, attempts, replays, sentAt, reason, ...letter }: DeadLetter,
): Promise<boolean> {
  const expiresAt = expiry(letter.diedAt, KEPT_DAYS);
  const { set, remove, names, values } = setting({ ...letter, reason, expiresAt });
  try {
    await dynamo().send(
      new UpdateCommand({
        TableName: table,
        Key: { org, id },
        UpdateExpression: `${set}, sentAt = if_not_exists(sentAt, :sentAt) ${remove} ${COUNTED}`,
        ConditionExpression: 'attribute_not_exists(#messageId) OR #messageId <> :messageId',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: {
          ...values,
          ':sentAt': sentAt,
          ':attempts': attempts,
          ':replays': replays,
        },
      }),
    );
    return true;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
}

async function markReplayed(
  table: string,
  { org, id, messageId }: DeadLetter,
  { by, at }: { by: string; at: string },
): Promise<void> {
  try {
    await dynamo().send(
      new UpdateCommand({
        TableName: table,
        Key: { org, id },
        UpdateExpression: 'SET #status = :replayed, replayedAt = :at, replayedBy = :by ADD replays :one',
        ConditionExpression: 'messageId = :messageId AND #status = :dead',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ...{ ':replayed': 'replayed', ':dead': 'dead', ':at': at, ':by': by, ':one': 1 },
          ':messageId': messageId,
        },
      }),
    );
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
}

async function list(table: string, org: string, { queue, status, limit, cursor }: DeadLetterQuery) {
  const wanted = Object.entries({ queue, status }).filter(([, value]) => value !== undefined);
  const { items, last } = await newest(
    {
      TableName: table,
      KeyConditionExpression: 'org = :org',
      ExpressionAttributeValues: {
        ':org': org,
        ...Object.fromEntries(wanted.map(([name, value]) => [`:${name}`, value])),
      },
      ...(wanted.length > 0 && {
        FilterExpression: wanted.map(([name]) => `#${name} = :${name}`).join(' AND '),
        ExpressionAttributeNames: Object.fromEntries(wanted.map(([name]) => [`#${name}`, name])),
      }),
      ExclusiveStartKey: cursor ? { org, id: positionOf(cursor)[1] } : undefined,
    },
    limit,
  );
  const next = last && cursorOf([String(last.sentAt ?? ''), String(last.id)]);
  return { deadLetters: items.map(letterOf), ...(next && { cursor: next }) };
}

function letterOf({ expiresAt: _, ...item }: Record<string, unknown>): DeadLetter {
  return item as unknown as DeadLetter;
}

async function row(table: string, org: string, id: string) {
  const { Item } = await dynamo().send(
    new GetCommand({ TableName: table, Key: { org, id }, ConsistentRead: true }),
  );
  return Item;
}

function expiry(from: string, days: number): number {
  return Math.floor(Date.parse(from) / 1000) + days * DAY;
}
