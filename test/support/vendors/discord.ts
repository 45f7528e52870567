import type { IncomingHttpHeaders } from 'node:http';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import { listening, type Reply } from './listening.ts';

export const DISCORD_TOKEN = 'a bot token';

/** What Discord's reference says about a message, as far as we send it. */
const Edited = z.strictObject({
  content: z.string().min(1).max(2_000),
  allowed_mentions: z.strictObject({ parse: z.array(z.enum(['roles', 'users', 'everyone'])) }),
  /** A bot may set no others than to suppress embeds and notifications. */
  flags: z.int().refine((flags) => (flags & ~(4 | 4096)) === 0),
});
const Created = Edited.extend({ nonce: z.string().min(1).max(25), enforce_nonce: z.boolean() });

interface Kept {
  id: string;
  nonce: string;
  /** The newest first. */
  versions: string[];
}

/** Discord as far as we use it: one channel's messages. */
export async function discordDouble(channel = '123456789012345678') {
  const messages: Kept[] = [];
  const vendor = await listening(async (request) => {
    const { pathname } = new URL(request.url ?? '', 'http://discord');
    const [, to, id] = /^\/api\/v10\/channels\/(\d+)\/messages(?:\/(\d+))?$/.exec(pathname) ?? [];
    const refused = stranger(request.headers);
    if (refused) return refused;
    if (to !== channel) return { status: 404, body: { message: 'Unknown Channel', code: 10003 } };
    if (request.method === 'GET') return { status: 200, body: messages.map(shown).reverse() };
    const body = await json(request);
    return id ? edit(messages, id, body) : create(messages, body);
  });
  return { ...vendor, channel, messages };
}

const shown = ({ id, versions }: Kept) => ({ id, content: versions[0], author: { id: '1', bot: true } });
const MALFORMED = { status: 400, body: { message: 'Invalid Form Body', code: 50035 } };

function stranger({ authorization, 'user-agent': agent }: IncomingHttpHeaders): Reply | undefined {
  if (authorization !== `Bot ${DISCORD_TOKEN}`)
    return { status: 401, body: { message: '401: Unauthorized', code: 0 } };
  return agent?.startsWith('DiscordBot (') ? undefined : { status: 403 };
}

function create(messages: Kept[], body: unknown): Reply {
  const { success, data } = Created.safeParse(body);
  if (!success) return MALFORMED;
  const known = messages.find(({ nonce }) => nonce === data.nonce);
  const id = String(10 ** 17 + messages.length);
  const made = known ?? { id, nonce: data.nonce, versions: [data.content] };
  if (!known) messages.push(made);
  return { status: 200, body: shown(made) };
}

function edit(messages: Kept[], id: string, body: unknown): Reply {
  const { success, data } = Edited.safeParse(body);
  if (!success) return MALFORMED;
  const known = messages.find((one) => one.id === id);
  if (!known) return { status: 404, body: { message: 'Unknown Message', code: 10008 } };
  known.versions.unshift(data.content);
  return { status: 200, body: shown(known) };
}
