import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { signatureFor } from '#adapters/slack/signature.ts';
import type { SlackMember } from '#core/people/person.ts';
import type { Clock } from '#core/ports.ts';
import { refuseMessage, refuseView } from './block-kit.ts';
import { type Issuer, issuer } from './issuer.ts';

// biome-ignore lint/suspicious/noExplicitAny: what is posted is looked at, not typed
type Body = any;

export interface Posted {
  channel: string;
  ts: string;
  /** The message that it answers. */
  thread?: string;
  /** The newest first. */
  versions: Body[];
}

export interface Signed {
  headers: Record<string, string>;
  body: string;
}

/** A Slack workspace that answers on the wire as Slack does, as far as we use it, and keeps what it is told. */
export interface SlackDouble extends Issuer {
  url: string;
  posted: Posted[];
  whispers: Body[];
  views: { id: string; user: string; view: Body }[];
  calls: string[];
  /** Members of the conversation object, by id. */
  channels: Map<string, Record<string, unknown>>;
  /** Taken away or added to by tests. */
  scopes: Set<string>;
  /** Errors to give first, by method: `ratelimited:2` is a 429 with two seconds. */
  failures: Map<string, string[]>;
  /** The request that Slack would send when a member presses a button of the newest version of a message. */
  press(member: SlackMember, message: Posted, action: string): Signed;
  /** The request for sending off the modal that was opened last. */
  submit(member: SlackMember, values: Record<string, string>): Signed;
  /** Any payload, signed as of now or another moment. */
  sign(payload: object, change?: { at?: Date; secret?: string }): Signed;
  stop(): Promise<void>;
}

export const TEAM = 'T0ACME';
export const SLACK_APP = {
  signingSecrets: ['8f742231b10e8888abcd99yyyzzz85a5'],
  botToken: 'xoxb-1111-2222-test',
  clientId: '1111.2222',
  clientSecret: 'a client secret',
  teams: [TEAM],
};

const SCOPES: Record<string, string> = {
  'conversations.open': 'im:write',
  'chat.postMessage': 'chat:write',
  'chat.update': 'chat:write',
  'chat.postEphemeral': 'chat:write',
  'conversations.info': 'channels:read',
  'conversations.replies': 'channels:history',
  'conversations.history': 'channels:history',
};
/** A modal may be opened this long after the press that asked for it. */
const TRIGGER_MS = 3_000;

export async function slackDouble(clock: Clock): Promise<SlackDouble> {
  const triggers = new Map<string, { user: string; at: number; isUsed: boolean }>();
  let count = 0;
  function next(): string {
    count += 1;
    return String(count).padStart(6, '0');
  }

  const methods: Record<string, (body: Body) => object> = {
    'auth.test': () => ({ ok: true, team_id: TEAM, user_id: 'U0BOT' }),
    'conversations.open': ({ users }) =>
      /^[UW]/.test(users) ? { ok: true, channel: { id: users.replace(/^./, 'D') } } : no('user_not_found'),
    'conversations.info': ({ channel, include_num_members: counts }) => {
      const found = double.channels.get(channel);
      if (!found) return no('channel_not_found');
      const { num_members, ...rest } = found;
      return { ok: true, channel: { id: channel, ...rest, ...(counts === 'true' && { num_members }) } };
    },
    'chat.postMessage': (body) => {
      const refused = refuseMessage(body);
      if (refused) return { ok: false, ...refused };
      const one = {
        channel: body.channel,
        ts: `${Math.floor(clock.now().getTime() / 1000)}.${next()}`,
        ...(body.thread_ts && { thread: body.thread_ts }),
        versions: [body],
      };
      double.posted.push(one);
      return { ok: true, channel: one.channel, ts: one.ts };
    },
    'conversations.replies': ({ channel, ts }) => told((one) => one.channel === channel && one.thread === ts),
    'conversations.history': ({ channel, oldest = '0' }) =>
      told((one) => one.channel === channel && !one.thread && Number(one.ts) >= Number(oldest)),
    'chat.update': (body) => {
      const one = double.posted.find(({ channel, ts }) => channel === body.channel && ts === body.ts);
      if (!one) return no('message_not_found');
      const refused = refuseMessage(body);
      if (refused) return { ok: false, ...refused };
      one.versions.unshift(body);
      return { ok: true, channel: one.channel, ts: one.ts };
    },
    'chat.postEphemeral': (body) => {
      double.whispers.push(body);
      return { ok: true };
    },
    'views.open': ({ trigger_id: id, view }) => {
      const trigger = triggers.get(id);
      if (!trigger) return no('invalid_trigger_id');
      if (trigger.isUsed) return no('exchanged_trigger_id');
      if (clock.now().getTime() - trigger.at > TRIGGER_MS) return no('expired_trigger_id');
      const refused = refuseView(view);
      if (refused) return { ok: false, ...refused };
      trigger.isUsed = true;
      double.views.unshift({ id: `V${next()}`, user: trigger.user, view });
      return { ok: true };
    },
  };

  function told(isMeant: (one: Posted) => boolean) {
    const messages = double.posted.filter(isMeant).map(({ ts, thread, versions }) => ({
      ...{ type: 'message', bot_id: 'B0BOT', user: 'U0BOT', ts, ...(thread && { thread_ts: thread }) },
      ...{ text: versions[0].text, blocks: versions[0].blocks },
    }));
    return { ok: true, messages, has_more: false };
  }

  function answer(method: string, token: string | undefined, body: Body): { wait?: number; body: object } {
    double.calls.push(method);
    const failure = double.failures.get(method)?.shift();
    if (failure?.startsWith('ratelimited:'))
      return { wait: Number(failure.split(':')[1]), body: no('ratelimited') };
    if (failure) return { body: no(failure) };
    if (token !== `Bearer ${SLACK_APP.botToken}`) return { body: no('invalid_auth') };
    const needed = SCOPES[method];
    if (needed && !double.scopes.has(needed)) {
      return { body: { ...no('missing_scope'), needed, provided: [...double.scopes].join() } };
    }
    return { body: methods[method]?.(body) ?? no('unknown_method') };
  }

  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', double.url).pathname;
    const sent = await text(request);
    const reply = (await double.answerOidc(path, sent)) ?? {
      ...answer(
        path.replace('/api/', ''),
        request.headers.authorization,
        bodyOf(path, request.headers['content-type'], sent),
      ),
    };
    const slow = 'wait' in reply && reply.wait !== undefined;
    response.writeHead(slow ? 429 : 200, {
      'content-type': 'application/json',
      ...(slow && { 'retry-after': String(reply.wait) }),
    });
    response.end(JSON.stringify(reply.body));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const double: SlackDouble = {
    ...(await issuer(url, SLACK_APP)),
    url,
    posted: [],
    whispers: [],
    views: [],
    calls: [],
    channels: new Map(),
    scopes: new Set(['chat:write', 'im:write', 'channels:read', 'channels:history']),
    failures: new Map(),

    press(member, { channel, ts, versions }, action) {
      const pressed = versions[0].blocks
        .flatMap(({ elements = [] }: Body) => elements)
        .find(({ action_id: one }: Body) => one === action);
      if (!pressed) throw new Error(`The message has no button ${action}`);
      const trigger = `${next()}.${next()}.0123456789abcdef`;
      triggers.set(trigger, { user: member.user, at: clock.now().getTime(), isUsed: false });
      const { confirm: _, style: __, ...element } = pressed;
      return double.sign({
        type: 'block_actions',
        ...asked(member),
        container: { type: 'message', message_ts: ts, channel_id: channel, is_ephemeral: false },
        trigger_id: trigger,
        channel: { id: channel, name: 'directmessage' },
        message: { type: 'message', user: 'U0BOT', ts, ...versions[0] },
        response_url: 'https://hooks.slack.com/actions/T0ACME/1/unused',
        actions: [{ ...element, block_id: 'decision', action_ts: ts }],
      });
    },

    submit(member, values) {
      const [opened] = double.views;
      if (!opened) throw new Error('No modal is open');
      const state = Object.entries(values).map(([name, value]) => [
        name,
        { field: { type: 'plain_text_input', value } },
      ]);
      return double.sign({
        type: 'view_submission',
        ...asked(member),
        trigger_id: `${next()}.submitted`,
        view: { id: opened.id, ...opened.view, state: { values: Object.fromEntries(state) } },
        response_urls: [],
      });
    },

    sign(payload, { at = clock.now(), secret = SLACK_APP.signingSecrets[0] ?? '' } = {}) {
      const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
      const timestamp = String(Math.floor(at.getTime() / 1000));
      return {
        body,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': signatureFor(secret, Buffer.from(body), timestamp),
        },
      };
    },

    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return double;
}

/** Methods that only read know nothing of JSON: to them such a body is empty. */
function bodyOf(path: string, type = '', sent: string): Body {
  if (type.startsWith('application/json'))
    return /\.(info|replies|history)$/.test(path) ? {} : JSON.parse(sent || '{}');
  return Object.fromEntries(new URLSearchParams(sent));
}

/** Of every payload: where the app is installed, and who did it. A guest of a shared channel has another team. */
function asked({ team, user }: SlackMember) {
  return {
    team: { id: TEAM, domain: 'acme' },
    user: { id: user, username: 'somebody', name: 'somebody', team_id: team },
    api_app_id: 'A0SIGNALBOX',
    token: 'deprecated',
    enterprise: null,
    is_enterprise_install: false,
  };
}

function no(error: string) {
  return { ok: false, error };
}
