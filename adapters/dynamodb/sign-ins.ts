import { createHash } from 'node:crypto';
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { normalEmail } from '#core/people/person.ts';
import type { SignIns } from '#core/people/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused } from './change.ts';

/** Wrong codes that a request takes before it is worthless. */
const MAX_TRIES = 5;
const HOUR = 3600;

/** Requests for codes in the table of people, under hashes of the addresses; TTL clears them. */
export function dynamoSignIns(table: string): SignIns {
  return {
    isWithin: (limit, who, now) =>
      wasWritten(() =>
        dynamo().send(
          new UpdateCommand({
            TableName: table,
            Key: { pk: `RATE#${hashed(who)}`, sk: now.toISOString().slice(0, 13) },
            UpdateExpression: 'ADD requests :one SET #ttl = :ttl',
            ConditionExpression: 'attribute_not_exists(requests) OR requests < :limit',
            ExpressionAttributeNames: { '#ttl': 'ttl' },
            ExpressionAttributeValues: { ':one': 1, ':limit': limit, ':ttl': seconds(now) + 2 * HOUR },
          }),
        ),
      ),

    async begin(email, { requestId, expiresAt }) {
      const expires = seconds(expiresAt);
      const Item = { ...codeKey(email), requestId, tries: 0, expires, ttl: expires + HOUR };
      await dynamo().send(new PutCommand({ TableName: table, Item }));
    },

    async attempt(email, now) {
      try {
        const { Attributes } = await dynamo().send(
          new UpdateCommand({
            TableName: table,
            Key: codeKey(email),
            UpdateExpression: 'ADD tries :one',
            ConditionExpression: 'attribute_exists(pk) AND tries < :max AND expires > :now',
            ExpressionAttributeValues: { ':one': 1, ':max': MAX_TRIES, ':now': seconds(now) },
            ReturnValues: 'ALL_NEW',
          }),
        );
        return Attributes?.requestId as string | undefined;
      } catch (error) {
        if (isRefused(error)) return undefined;
        throw error;
      }
    },

    use: (email, requestId) =>
      wasWritten(() =>
        dynamo().send(
          new UpdateCommand({
            TableName: table,
            Key: codeKey(email),
            UpdateExpression: 'SET tries = :max REMOVE requestId',
            ConditionExpression: 'requestId = :request',
            ExpressionAttributeValues: { ':request': requestId, ':max': MAX_TRIES },
          }),
        ),
      ),
  };
}

async function wasWritten(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
}

function codeKey(email: string) {
  return { pk: `CODE#${hashed(normalEmail(email))}`, sk: 'CODE' };
}

function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function seconds(moment: Date): number {
  return Math.floor(moment.getTime() / 1000);
}
