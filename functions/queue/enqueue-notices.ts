import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import { sqsQueue } from '#adapters/aws/queue.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoPreferences } from '#adapters/dynamodb/preferences.ts';
import { ToSend } from '#core/notice.ts';
import { personId } from '#core/people/person.ts';
import type { People } from '#core/people/ports.ts';
import type { Clock } from '#core/ports.ts';
import { type Preferences, wayOf } from '#core/preferences.ts';
import type { ToSlack } from '#core/slack.ts';
import { stream } from '../queue.ts';

export const Env = z.object({
  MAIL_QUEUE_URL: z.url(),
  SLACK_QUEUE_URL: z.url(),
  PEOPLE_TABLE: z.string(),
  NOTICES_TABLE: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  mail(message: ToSend): Promise<void>;
  slack(message: ToSlack): Promise<void>;
  people: Pick<People, 'find'>;
  preferences: Pick<Preferences, 'personal'>;
  clock: Clock;
}

/**
 * Notices stream: a new notice becomes one message per recipient, so that one bad address holds up nobody else. What asks
 * somebody to decide goes to their Slack if they have linked it; of the rest everybody has said what they want where.
 */
export function enqueueing(needs: Needs) {
  return async ({ eventName, dynamodb: { NewImage: image } = {} }: DynamoDBRecord) => {
    if (eventName !== 'INSERT' || !image?.org?.S || !image.id?.S) return;
    const [org, id, kind] = [image.org.S, image.id.S, image.kind?.S ?? ''];
    const isAsked = await asksInSlack(org, image.minted?.M ?? {}, needs);
    for (const recipient of image.to?.L ?? []) {
      const message = ToSend.parse({ org, id, to: recipient.S });
      if (isAsked) await needs.slack({ kind: 'post', ...message });
      else await enqueue(message, kind, needs);
    }
  };
}

/** Whether it asks somebody to decide who has linked Slack. */
async function asksInSlack(
  org: string,
  { kind, approver }: Record<string, AttributeValue>,
  { people }: Needs,
): Promise<boolean> {
  if (kind?.S !== 'approval_link' || !approver?.S) return false;
  return Boolean((await people.find(org, approver.S))?.slack);
}

async function enqueue(message: ToSend, kind: string, { mail, slack, preferences, clock }: Needs) {
  const { org, to } = message;
  const way = wayOf(kind, await preferences.personal(org, personId(org, to)), clock.now());
  if (way === 'slack') await slack({ kind: 'tell', ...message });
  if (way === 'email') await mail(message);
}

export const handler = stream(Env, async (env) =>
  enqueueing({
    mail: sqsQueue<ToSend>(env.MAIL_QUEUE_URL),
    slack: sqsQueue<ToSlack>(env.SLACK_QUEUE_URL),
    people: dynamoPeople(env.PEOPLE_TABLE),
    preferences: dynamoPreferences(env.NOTICES_TABLE),
    clock,
  }),
);
