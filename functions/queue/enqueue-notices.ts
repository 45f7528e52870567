import type { DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import { sqsQueue } from '#adapters/aws/queue.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { ToSend } from '#core/notice.ts';
import type { People } from '#core/people/ports.ts';
import type { ToSlack } from '#core/slack.ts';
import { stream } from '../queue.ts';

export const Env = z.object({
  MAIL_QUEUE_URL: z.url(),
  SLACK_QUEUE_URL: z.url(),
  PEOPLE_TABLE: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  mail(message: ToSend): Promise<void>;
  slack(message: ToSlack): Promise<void>;
  people: Pick<People, 'find'>;
}

/**
 * Notices stream: a new notice becomes one message per recipient, so that one bad address holds up nobody else. What asks
 * somebody to decide goes to their Slack if they have linked it, everything else by mail.
 */
export function enqueueing({ mail, slack, people }: Needs) {
  return async ({ eventName, dynamodb }: DynamoDBRecord) => {
    const { org, id, to, minted } = dynamodb?.NewImage ?? {};
    if (eventName !== 'INSERT' || !org?.S || !id?.S) return;
    const approver = minted?.M?.kind?.S === 'approval_link' && minted.M.approver?.S;
    const asked = approver ? await people.find(org.S, approver) : undefined;
    const send = (message: ToSend) => (asked?.slack ? slack({ kind: 'post', ...message }) : mail(message));
    for (const recipient of to?.L ?? []) await send(ToSend.parse({ org: org.S, id: id.S, to: recipient.S }));
  };
}

export const handler = stream(Env, async (env) =>
  enqueueing({
    mail: sqsQueue<ToSend>(env.MAIL_QUEUE_URL),
    slack: sqsQueue<ToSlack>(env.SLACK_QUEUE_URL),
    people: dynamoPeople(env.PEOPLE_TABLE),
  }),
);
