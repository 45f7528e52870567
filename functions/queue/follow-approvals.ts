import type { DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import { sqsQueue } from '#adapters/aws/queue.ts';
import type { ToSlack } from '#core/slack.ts';
import { stream } from '../queue.ts';

export const Env = z.object({ SLACK_QUEUE_URL: z.url() });
export type Env = z.infer<typeof Env>;

/** Approvals stream: whatever changes what people see of a request that waited renews its copies in Slack. */
export function following(say: (message: ToSlack) => Promise<void>) {
  return async ({ dynamodb }: DynamoDBRecord) => {
    const { OldImage: before, NewImage: after } = dynamodb ?? {};
    const [org, approvalId] = [after?.org?.S, after?.id?.S];
    if (!org || !approvalId || before?.status?.S !== 'PENDING') return;
    if (SEEN.some((see) => see(before) !== see(after ?? {}))) await say({ kind: 'renew', org, approvalId });
  };
}

type Image = NonNullable<NonNullable<DynamoDBRecord['dynamodb']>['NewImage']>;

const SEEN: ((image: Image) => unknown)[] = [
  ({ status }) => status?.S,
  ({ revision }) => revision?.N,
  ({ votes }) => votes?.L?.length,
];

export const handler = stream(Env, async (env) => following(sqsQueue<ToSlack>(env.SLACK_QUEUE_URL)));
