import * as z from 'zod';
import { oneLine } from '../../visible.ts';
import { action } from '../action.ts';
import { someOf, wordsOf } from '../narrows.ts';

export const SlackMessagePayload = z.strictObject({
  /** The channel's id: names can be given to another channel. */
  channel: z.string().regex(/^[CGD][A-Z0-9]{2,20}$/, "is a channel's id like C0123ABCD"),
  text: z.string().min(1).max(40_000),
  threadTs: z.string().max(40).optional(),
});

/** Posting in a Slack channel, to everybody who can read it. */
export const postSlackMessage = action({
  type: 'slack.post_message',
  payload: SlackMessagePayload,
  facts: ['channel_members', 'external', 'pii'],
  headline: ({ channel, text, threadTs }) =>
    `Post ${text.length} characters in Slack channel ${channel}${threadTs ? ', in a thread' : ''}`,
  prose: ({ text }) => [text],
  modifiable: { '/text': wordsOf },
});

const Addresses = z.array(z.email()).max(1_000);

export const EmailPayload = z.strictObject({
  to: Addresses.min(1),
  cc: Addresses.default([]),
  bcc: Addresses.default([]),
  subject: z.string().min(1).max(250),
  body: z.string().max(200_000),
});

/** Sending one mail. */
export const sendEmail = action({
  type: 'email.send',
  payload: EmailPayload,
  facts: ['recipients', 'external_recipients', 'external', 'pii'],
  headline: ({ to, cc, bcc, subject }) =>
    `Send a mail to ${named([...to, ...cc, ...bcc])}: ${oneLine(subject)}`,
  prose: ({ subject, body }) => [subject, body],
  modifiable: { '/to': someOf, '/cc': someOf, '/bcc': someOf, '/subject': wordsOf, '/body': wordsOf },
});

/** The first few by name, and how many more: the payload below names everybody. */
function named(addresses: string[]): string {
  const shown = addresses.slice(0, 3).map(oneLine).join(', ');
  return addresses.length > 3 ? `${shown} and ${addresses.length - 3} more` : shown;
}
