import { setTimeout as wait } from 'node:timers/promises';
import { TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import { dynamo } from '../aws/clients.ts';

export type Writes = NonNullable<TransactWriteCommandInput['TransactItems']>;

/** A write whose condition did not hold, with the strings of the item that stood in the way. */
export interface Refusal {
  item: Record<string, string | undefined>;
}

interface Reason {
  Code?: string;
  Item?: Record<string, { S?: string }>;
}

/** How often a transaction that collided with another is tried again before its caller is told to come back. */
const TRIES = 12;
const COLLIDED = ['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'];

/**
 * Writes all of it or nothing. Answers `undefined` once it is written, or else one entry per write: a {@link Refusal}
 * where a condition did not hold. Collisions with other transactions are tried again, then `Unavailable`. With a
 * `token`, the same writes sent again within ten minutes are written once.
 */
export async function writeTogether(
  writes: Writes,
  token?: string,
): Promise<(Refusal | undefined)[] | undefined> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    try {
      await dynamo().send(new TransactWriteCommand({ TransactItems: writes, ClientRequestToken: token }));
      return undefined;
    } catch (error) {
      const reasons = reasonsOf(error);
      if (reasons.some(({ Code }) => Code === 'ConditionalCheckFailed')) return reasons.map(refusal);
      if (!reasons.some(({ Code }) => COLLIDED.includes(Code ?? ''))) throw error;
      await wait(Math.random() * 20 * 2 ** Math.min(attempt, 6));
    }
  }
  throw new Fault('Unavailable', 'Too many writes to the same record at once; send it again');
}

function reasonsOf(error: unknown): Reason[] {
  const { name, CancellationReasons } = error as { name?: string; CancellationReasons?: Reason[] };
  if (name === 'TransactionCanceledException') return CancellationReasons ?? [];
  if (name === 'TransactionInProgressException') return [{ Code: 'TransactionConflict' }];
  return [];
}

function refusal({ Code, Item = {} }: Reason): Refusal | undefined {
  if (Code !== 'ConditionalCheckFailed') return undefined;
  return { item: Object.fromEntries(Object.entries(Item).map(([name, { S }]) => [name, S])) };
}
