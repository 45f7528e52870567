import { SendMessageCommand } from '@aws-sdk/client-sqs';
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
