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
  /** Opens the direct messages with a person; answers the channel. */
  direct(user: string): Promise<string>;
  /** Posts a message; answers its timestamp, by which it is edited. */
  post(channel: string, message: Message): Promise<string>;
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
    async direct(user) {
      const { channel } = await call('conversations.open', { users: user });
      return String((channel as { id?: string }).id);
    },
    async post(channel, message) {
      const { ts } = await call('chat.postMessage', { channel, ...message, ...QUIET, ...LITERAL });
      return String(ts);
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

type Answer = Record<string, unknown>;

/** Methods that only read take a form instead. */
const JSON_TYPE = 'application/json; charset=utf-8';

class SlowDown extends Fault {
  readonly afterMs: number;

  constructor(method: string, seconds: number) {
    super('TooMany', `Slack asks to call ${method} again in ${seconds} s`);
    this.afterMs = seconds * 1000;
  }
}

async function insist(call: () => Promise<Answer>, { patienceMs = 0 }: Options): Promise<Answer> {
  let left = patienceMs;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof SlowDown) || error.afterMs > left) throw error;
      left -= error.afterMs;
      await wait(error.afterMs);
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
  if (response.status === 429) throw new SlowDown(method, Number(response.headers.get('retry-after')) || 30);
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

function refused(method: string, { error, needed, response_metadata: more }: Answer): Fault {
  const name = typeof error === 'string' ? error : 'an unknown error';
  if (name === 'ratelimited') return new SlowDown(method, 30);
  const details = [needed && `needs ${needed}`, ...((more as { messages?: string[] })?.messages ?? [])];
  const said = [name, ...details.filter(Boolean)].join('; ');
  return new Fault(CODES.get(name) ?? 'Invalid', `Slack refused ${method}: ${said}`);
}
