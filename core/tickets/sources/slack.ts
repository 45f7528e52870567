import * as z from 'zod/mini';
import { cut, oneLine } from '../text.ts';
import type { Draft } from '../ticket.ts';
import type { Meaning, Told } from '../told.ts';

const Id = z.string().check(z.regex(/^[A-Z0-9]{1,40}$/));
const Ts = z.string().check(z.regex(/^\d{1,12}\.\d{1,9}$/));

const Message = z.object({
  text: z.optional(z.string()),
  user: z.optional(Id),
  bot_id: z.optional(z.string()),
  ts: z.optional(Ts),
  thread_ts: z.optional(Ts),
});
type Message = z.infer<typeof Message>;

export const SlackEvent = z.object({
  type: z.string(),
  /** Only when Slack tries out the address. */
  challenge: z.optional(z.string().check(z.maxLength(1_000))),
  team_id: z.optional(z.string()),
  event_id: z.optional(z.string().check(z.maxLength(100))),
  event: z.optional(
    z.extend(Message, {
      type: z.string(),
      subtype: z.optional(z.string()),
      channel: z.optional(z.unknown()),
      event_ts: z.optional(Ts),
      message: z.optional(Message),
      previous_message: z.optional(Message),
    }),
  ),
});
export type SlackEvent = z.infer<typeof SlackEvent>;
type Event = NonNullable<SlackEvent['event']>;

export const SlackCommand = z.object({
  team_id: z.string(),
  user_id: Id,
  channel_id: Id,
  trigger_id: z.string().check(z.minLength(1), z.maxLength(150)),
  text: z.string(),
});
export type SlackCommand = z.infer<typeof SlackCommand>;

/** Subtypes of what people write themselves. */
const WRITTEN = [undefined, 'file_share', 'thread_broadcast'];

/** A message in a watched channel, or one that names us anywhere, is a request; answers in its thread, edits and deletions are news of it. */
export function fromSlack(org: string, { event, team_id }: SlackEvent, isWatched: boolean): Meaning {
  const channel = z.safeParse(Id, event?.channel).data;
  if (!event || !channel || !['message', 'app_mention'].includes(event.type))
    return { kind: 'ignored', why: 'not about a message' };
  if (event.subtype === 'message_changed' && event.message)
    return edited({ org, channel, team: team_id }, event, event.message);
  if (event.subtype === 'message_deleted' && event.previous_message)
    return deleted(org, channel, event, event.previous_message);
  if (event.bot_id || !event.user || !event.ts || !WRITTEN.includes(event.subtype))
    return { kind: 'ignored', why: 'not written by a person' };
  const told = newsOf(org, channel, event);
  if (event.thread_ts && event.thread_ts !== event.ts)
    return { kind: 'told', told: told(event.thread_ts, true) };
  if (event.type === 'message' && !isWatched)
    return { kind: 'ignored', why: 'a channel that is not watched, and not to us' };
  return { kind: 'request', draft: draftOf({ org, channel, team: team_id }, event) };
}

/** What somebody types behind `/triage`; a name for the button's press stands for the message that there is none of. */
export function fromCommand(
  org: string,
  { text, user_id, team_id, channel_id, trigger_id }: SlackCommand,
  receivedAt: string,
): Meaning {
  const words = unescaped(text);
  const title = oneLine(words, 300) || 'Without words';
  const draft: Draft = {
    ...{ org, source: 'slack', externalId: `triage/${trigger_id}`, title, body: cut(words, 60_000) },
    reporter: reporterOf(team_id, user_id),
    ...{ labels: [], concerns: [], openedAt: receivedAt, metadata: { channel: channel_id } },
  };
  return { kind: 'request', draft };
}

function newsOf(org: string, channel: string, message: Message) {
  const at = time(message.ts ?? '0');
  const by = `Slack user ${message.user ?? 'unknown'}`;
  return (of: string, isComment: boolean): Told => ({
    ...{ org, source: 'slack', externalId: `${channel}/${of}`, at, by },
    ...(isComment && {
      comment: {
        id: `slack#${message.ts}`,
        at,
        by,
        text: cut(unescaped(message.text ?? ''), 2_000),
        isGone: false,
      },
    }),
  });
}

function edited(place: Place, event: Event, message: Message): Meaning {
  const { org, channel } = place;
  if (message.bot_id || !message.user || !message.ts)
    return { kind: 'ignored', why: 'not written by a person' };
  const at = time(event.event_ts ?? event.ts ?? message.ts);
  const told = newsOf(org, channel, message);
  if (message.thread_ts && message.thread_ts !== message.ts) {
    const news = told(message.thread_ts, true);
    return { kind: 'told', told: { ...news, at, ...(news.comment && { comment: { ...news.comment, at } }) } };
  }
  const as = { ...draftOf(place, message), changedAt: at };
  return { kind: 'told', told: { ...told(message.ts, false), at, as } };
}

function deleted(org: string, channel: string, event: Event, message: Message): Meaning {
  if (!message.ts) return { kind: 'ignored', why: 'not about a message' };
  const at = time(event.event_ts ?? event.ts ?? message.ts);
  const isAnswer = message.thread_ts !== undefined && message.thread_ts !== message.ts;
  const told = newsOf(org, channel, message)(isAnswer ? (message.thread_ts ?? '') : message.ts, isAnswer);
  if (told.comment)
    return { kind: 'told', told: { ...told, at, comment: { ...told.comment, at, isGone: true } } };
  return { kind: 'told', told: { ...told, at, state: 'closed' } };
}

interface Place {
  org: string;
  channel: string;
  team: string | undefined;
}

function reporterOf(team: string | undefined, user: string | undefined): Draft['reporter'] {
  const account = team && user && { account: { at: 'slack' as const, id: `${team}/${user}` } };
  return { name: `Slack user ${user ?? 'unknown'}`, ...account };
}

function draftOf({ org, channel, team }: Place, { ts = '0', text = '', user }: Message): Draft {
  const words = unescaped(text)
    .replaceAll(/<@[A-Z0-9]+>/g, '')
    .trim();
  return {
    org,
    source: 'slack',
    externalId: `${channel}/${ts}`,
    url: `https://slack.com/archives/${channel}/p${ts.replace('.', '')}`,
    title: oneLine(words.split('\n')[0] ?? '', 300) || 'A message without words',
    body: cut(words, 60_000),
    reporter: reporterOf(team, user),
    labels: [],
    concerns: [],
    openedAt: time(ts),
  };
}

/** Slack writes `<`, `>` and `&` of people's own as entities. */
function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** `1763719200.000100` is seconds, with as many digits as make it unique. */
function time(ts: string): string {
  return new Date(Math.floor(Number(ts) * 1000)).toISOString();
}
