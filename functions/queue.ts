import middy from '@middy/core';
import type {
  DynamoDBRecord,
  DynamoDBStreamEvent,
  EventBridgeEvent,
  SQSBatchResponse,
  SQSEvent,
  SQSRecord,
} from 'aws-lambda';
import * as z from 'zod/mini';
import { dynamoDeadLetters } from '#adapters/dynamodb/dead-letters.ts';
import { log } from '#adapters/log.ts';
import { Fault, isForLater } from '#core/fault.ts';
import { once } from './once.ts';

/**
 * Wraps a function behind an SQS queue: each message alone, failures reported one by one so that only they come again; with
 * `postpone`, not before whoever refused wants to be asked again, or else after a time that doubles.
 */
export function queue<Env>(
  env: z.core.$ZodType<Env>,
  wire: (env: Env) => Promise<(record: SQSRecord) => Promise<void>>,
  postpone?: (record: SQSRecord, ms: number) => Promise<void>,
) {
  const consume = once(env, wire);
  const put = async (record: SQSRecord, run: (record: SQSRecord) => Promise<void>) => {
    try {
      await run(record);
    } catch (error) {
      if (error instanceof Fault && isForLater(error))
        await postpone?.(record, error.afterMs ?? backoff(record));
      throw error;
    }
  };
  return middy<SQSEvent, SQSBatchResponse>().handler(async ({ Records }) => {
    const failed = await Promise.all(
      Records.map((record) =>
        attempt(async () => put(record, await consume()), record.messageId, noteFailure(record)),
      ),
    );
    return { batchItemFailures: failed.flat().map((itemIdentifier) => ({ itemIdentifier })) };
  });
}

const noted = once(z.object({ DEAD_LETTERS_TABLE: z.optional(z.string()) }), async (env) =>
  env.DEAD_LETTERS_TABLE ? dynamoDeadLetters(env.DEAD_LETTERS_TABLE) : undefined,
);

/** Why a message failed is known here only: a dead letter says it. */
function noteFailure({ messageId }: SQSRecord) {
  return async ({ name, message }: Error): Promise<void> => {
    const deadLetters = await noted();
    await deadLetters?.note(messageId, { code: name, message, at: new Date().toISOString() });
  };
}

/** A minute after the first try, then two, four, …; spread, so that not everything comes again at once. */
function backoff({ attributes }: SQSRecord): number {
  return 60_000 * 2 ** (Number(attributes.ApproximateReceiveCount) - 1) * (0.75 + Math.random() / 2);
}

/** Wraps a function behind a table's stream: in order, and the first failure ends the batch so that order is kept. */
export function stream<Env>(
  env: z.core.$ZodType<Env>,
  wire: (env: Env) => Promise<(record: DynamoDBRecord) => Promise<void>>,
) {
  const consume = once(env, wire);
  return middy<DynamoDBStreamEvent, SQSBatchResponse>().handler(async ({ Records }) => {
    const run = await consume();
    for (const record of Records) {
      const failed = await attempt(() => run(record), record.dynamodb?.SequenceNumber ?? '');
      if (failed.length > 0)
        return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    }
    return { batchItemFailures: [] };
  });
}

/** Wraps a function that is told by a table's stream that there is something to do, and looks itself: a throw brings the whole batch again. */
export function nudge<Env>(
  env: z.core.$ZodType<Env>,
  wire: (env: Env) => Promise<(records: readonly DynamoDBRecord[]) => Promise<void>>,
) {
  const consume = once(env, wire);
  return middy<DynamoDBStreamEvent, void>().handler(async ({ Records }) => (await consume())(Records));
}

/** Wraps a function that an EventBridge rule calls: a throw makes EventBridge try again. */
export function happening<Env, Detail>(
  env: z.core.$ZodType<Env>,
  wire: (env: Env) => Promise<(event: EventBridgeEvent<string, Detail>) => Promise<void>>,
) {
  const consume = once(env, wire);
  return middy<EventBridgeEvent<string, Detail>, void>().handler(async (event) => (await consume())(event));
}

async function attempt(
  work: () => Promise<void>,
  id: string,
  note?: (error: Error) => Promise<void>,
): Promise<string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    log.error('a record failed and will come again', { id, error });
    await note?.(error as Error).catch((cause) => log.warn('why it failed is not noted', { id, cause }));
    return [id];
  }
}
