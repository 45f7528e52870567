import type { DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import { sqsQueue } from '#adapters/aws/queue.ts';
import { ToSend } from '#core/notice.ts';
import { stream } from '../queue.ts';

export const Env = z.object({ NOTICES_QUEUE_URL: z.url() });
export type Env = z.infer<typeof Env>;

/** Notices stream: a new notice becomes one message per recipient, so that one bad address holds up nobody else. */
export function enqueueing(send: (message: ToSend) => Promise<void>) {
  return async ({ eventName, dynamodb }: DynamoDBRecord) => {
    const { org, id, to } = dynamodb?.NewImage ?? {};
    if (eventName !== 'INSERT' || !org?.S || !id?.S) return;
    for (const recipient of to?.L ?? []) await send(ToSend.parse({ org: org.S, id: id.S, to: recipient.S }));
  };
}

export const handler = stream(Env, async (env) => enqueueing(sqsQueue<ToSend>(env.NOTICES_QUEUE_URL)));
