import { ChangeMessageVisibilityCommand, GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { sqs } from './clients.ts';
import { REPLAY_OF } from './dead-queue.ts';

/** Sends messages as JSON to one queue. */
export function sqsQueue<T>(url: string): (message: T) => Promise<void> {
  return async (message) => {
    await sqs().send(new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify(message) }));
  };
}

/** Sends a dead letter's message as it was, marked as its replay. */
export async function sendAgain(url: string, { id, body }: { id: string; body: string }): Promise<void> {
  await sqs().send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: body,
      MessageAttributes: { [REPLAY_OF]: { DataType: 'String', StringValue: id } },
    }),
  );
}

/** SQS hides a message for twelve hours at most. */
const LONGEST_MS = 12 * 3_600_000;

/** Hides a received message for a while before it comes again. */
export async function postponed(
  { eventSourceARN, receiptHandle }: { eventSourceARN: string; receiptHandle: string },
  ms: number,
): Promise<void> {
  const { QueueUrl } = await sqs().send(
    new GetQueueUrlCommand({ QueueName: eventSourceARN.split(':').at(-1) }),
  );
  const VisibilityTimeout = Math.ceil(Math.min(ms, LONGEST_MS) / 1000);
  await sqs().send(
    new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout }),
  );
}
