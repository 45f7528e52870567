import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { Fault, type FaultCode } from '#core/fault.ts';
import type { Block, View } from './blocks.ts';

export interface Message {
  /** For notifications and screen readers. */
  text: string;
  blocks: Block[];
}

/** One organization's Slack, as its bot. */
export interface Slack {
  /** Which workspace the bot is in: proves that its token is good. */
  whoami(): Promise<{ team: string; name: string }>;
  /** Opens the direct messages with a person; answers the channel. */
  direct(user: string): Promise<string>;
  /** Posts a message, in the thread of another if one is named; answers its timestamp, by which it is edited. */
  post(channel: string, message: Message, thread?: string): Promise<string>;
  /** An app's message that holds these words: in a thread, or in the channel since a moment. */
  find(where: { channel: string; thread?: string; since: Date }, words: string): Promise<string | undefined>;
  edit(at: { channel: string; ts: string }, message: Message): Promise<void>;
  /** Says something to one person that nobody else sees and that does not stay. */
  whisper(to: { channel: string; user: string }, text: string): Promise<void>;
  /** Throws `Gone` when the press that led here is over 3 s old, or has opened a view before. */
  openView(trigger: string, view: View): Promise<void>;
  /** Who can read a channel; nothing for direct messages, which have no count. */
  audience(channel: string): Promise<{ members: number; teams: string[]; external: boolean } | undefined>;
}

interface Options {
  /** `https://slack.com` */
  url: string;
  token: string;
  /** How long it may wait in all where Slack asks to slow down. None where somebody waits for an answer. */
  patienceMs?: number;
  timeoutMs?: number;
}

/** What our messages never do: show previews of links, notify a channel, or turn words into mentions. */
const QUIET = { unfurl_links: false, unfurl_media: false };
const LITERAL = { parse: 'none', link_names: false };

/**
 * Slack's Web API over fetch. Throws `TooMany` and `Unavailable` for what may work later, `Unauthorized` when the token is
 * no good, `Gone` for a press that is over, `Invalid` for everything that would be refused again.
 */
export function slack(options: Options): Slack {
  const call = (method: string, body: object) => insist(() => once(method, body, options), options);
  return {
    async whoami() {
      const { team_id, team } = await call('auth.test', {});
      return { team: String(team_id), name: String(team ?? team_id) };
    },
    async direct(user) {
      const { channel } = await call('conversations.open', { users: user });
      return String((channel as { id?: string }).id);
    },
    async post(channel, message, thread) {
      const where = { channel, ...(thread && { thread_ts: thread }) };
      const { ts } = await call('chat.postMessage', { ...where, ...message, ...QUIET, ...LITERAL });
      return String(ts);
    },
    async find({ channel, thread, since }, words) {
      const method = thread ? 'conversations.replies' : 'conversations.history';
      const from = thread ? ['ts', thread] : ['oldest', String(since.getTime() / 1000)];
      const asked = new URLSearchParams([['channel', channel], from, ['limit', '200']]);
      const { messages } = Told.parse(await call(method, asked));
      return messages.find((one) => one.bot_id && JSON.stringify(one).includes(words))?.ts;
    },
    async edit(at, message) {
      await call('chat.update', { ...at, ...message, ...LITERAL });
    },
    async whisper(to, text) {
      await call('chat.postEphemeral', { ...to, text, ...LITERAL });
    },
    async openView(trigger, view) {
      await call('views.open', { trigger_id: trigger, view });
    },
    async audience(channel) {
      const asked = new URLSearchParams({ channel, include_num_members: 'true' });
      const { channel: found } = Info.parse(await call('conversations.info', asked));
      const { num_members: members, is_ext_shared, is_pending_ext_shared, shared_team_ids: teams } = found;
      return members === undefined
        ? undefined
        : { members, teams, external: is_ext_shared || is_pending_ext_shared };
    },
  };
}

const Info = z.object({
  channel: z.object({
    num_members: z.int().nonnegative().optional(),
    is_ext_shared: z.boolean().default(false),
    is_pending_ext_shared: z.boolean().default(false),
    shared_team_ids: z.array(z.string()).default([]),
  }),
});

const Told = z.object({
  messages: z.array(z.looseObject({ ts: z.string(), bot_id: z.string().optional() })).default([]),
});

type Answer = Record<string, unknown>;

/** Methods that only read take a form instead. */
const JSON_TYPE = 'application/json; charset=utf-8';

function slowDown(method: string, seconds: number): Fault {
  const said = `Slack asks to call ${method} again in ${seconds} s`;
  return new Fault('TooMany', said, { afterMs: seconds * 1000 });
}

async function insist(call: () => Promise<Answer>, { patienceMs = 0 }: Options): Promise<Answer> {
  let left = patienceMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const afterMs = error instanceof Fault ? error.afterMs : undefined;
      if (afterMs === undefined || afterMs > left) throw error;
      left -= afterMs;
      await wait(afterMs);
    }
  }
}

async function once(
  method: string,
  body: object,
  { url, token, timeoutMs = 10_000 }: Options,
): Promise<Answer> {
  const isForm = body instanceof URLSearchParams;
  const response = await fetch(`${url}/api/${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, ...(!isForm && { 'content-type': JSON_TYPE }) },
    body: isForm ? body : JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    throw new Fault('Unavailable', `Slack did not answer ${method}`, { cause });
  });
  if (response.status === 429) throw slowDown(method, Number(response.headers.get('retry-after')) || 30);
  if (!response.ok) throw new Fault('Unavailable', `Slack answered ${method} with ${response.status}`);
  const answer = (await response.json()) as Answer;
  if (answer.ok !== true) throw refused(method, answer);
  return answer;
}

const LATER =
  'internal_error fatal_error request_timeout service_unavailable team_added_to_org accesslimited';
const TOKEN =
  'invalid_auth not_authed account_inactive token_revoked token_expired no_permission missing_scope org_login_required';
const OVER = 'expired_trigger_id exchanged_trigger_id';
const CODES = new Map<string, FaultCode>([
  ...LATER.split(' ').map((error) => [error, 'Unavailable'] as const),
  ...TOKEN.split(' ').map((error) => [error, 'Unauthorized'] as const),
  ...OVER.split(' ').map((error) => [error, 'Gone'] as const),
]);

const INSTALL = 'install the app again and put its new token into its secret';
/** What a lead can do about it, or what has become of it. */
const ADVICE: Record<string, string> = {
  ...{ invalid_auth: INSTALL, account_inactive: INSTALL, token_revoked: INSTALL, token_expired: INSTALL },
  missing_scope: 'give the app this scope and install it again',
  not_in_channel: 'invite the app into the channel',
  channel_not_found: 'there is no such channel, or the app is not in it',
  is_archived: 'the channel is archived',
  message_not_found: 'somebody has deleted our message; it is not written again',
  thread_not_found: 'the message that asked is gone',
};

function refused(method: string, { error, needed, response_metadata: more }: Answer): Fault {
  const name = typeof error === 'string' ? error : 'an unknown error';
  if (name === 'ratelimited') return slowDown(method, 30);
  const details = [
    ADVICE[name],
    needed && `needs ${needed}`,
    ...((more as { messages?: string[] })?.messages ?? []),
  ];
  const said = [name, ...details.filter(Boolean)].join('; ');
  return new Fault(CODES.get(name) ?? 'Invalid', `Slack refused ${method}: ${said}`);
}
