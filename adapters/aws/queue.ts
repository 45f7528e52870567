import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { sqs } from './clients.ts';

/** Sends messages as JSON to one queue. */
export function sqsQueue<T>(url: string): (message: T) => Promise<void> {
  return async (message) => {
    await sqs().send(new SendMessageCommand({ QueueUrl: url, MessageBody: JSON.stringify(message) }));
  };
}
