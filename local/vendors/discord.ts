import * as z from 'zod';
import type { Ask, Kept, Reply, Sent } from './kept.ts';

/** What Discord's reference says about a message, as far as we send it. */
const Edited = z.strictObject({
  content: z.string().min(1).max(2_000),
  allowed_mentions: z.strictObject({ parse: z.array(z.enum(['roles', 'users', 'everyone'])) }),
  /** A bot may set no others than to suppress embeds and notifications. */
  flags: z.int().refine((flags) => (flags & ~(4 | 4096)) === 0),
});
const Created = Edited.extend({ nonce: z.string().min(1).max(25), enforce_nonce: z.boolean() });

const MALFORMED = { status: 400, body: { message: 'Invalid Form Body', code: 50035 } };

/** Messages in Discord's channels. The id of a message ends with its nonce's number, so that the same nonce is the same message. */
export function discord({ method, path, headers, body }: Ask, kept: Kept, token: string): Reply | undefined {
  const [, channel, id] = /^\/api\/v10\/channels\/(\d+)\/messages(?:\/(\d+))?$/.exec(path) ?? [];
  if (!channel) return undefined;
  if (headers.authorization !== `Bot ${token}`)
    return { status: 401, body: { message: '401: Unauthorized', code: 0 } };
  if (!headers['user-agent']?.startsWith('DiscordBot (')) return { status: 403 };
  if (method === 'GET') return { status: 200, body: kept.list(channel).map(shown).reverse() };
  return id ? edit(kept, { channel, id }, body) : create(kept, channel, body);
}

const shown = ({ id, versions }: Sent) => ({ id, content: versions[0], author: { id: '1', bot: true } });

function create(kept: Kept, channel: string, body: unknown): Reply {
  const { success, data } = Created.safeParse(body);
  if (!success) return MALFORMED;
  const id = idOf(data.nonce);
  if (!kept.find(channel, id)) kept.write(channel, id, data.content);
  return { status: 200, body: shown(kept.find(channel, id) as Sent) };
}

function idOf(nonce: string): string {
  const number = [...nonce].reduce(
    (sum, one) => (sum * 31n + BigInt(one.codePointAt(0) ?? 0)) % 10n ** 17n,
    0n,
  );
  return String(10n ** 17n + number);
}

function edit(kept: Kept, { channel, id }: { channel: string; id: string }, body: unknown): Reply {
  const { success, data } = Edited.safeParse(body);
  if (!success) return MALFORMED;
  if (!kept.find(channel, id)) return { status: 404, body: { message: 'Unknown Message', code: 10008 } };
  kept.write(channel, id, data.content);
  return { status: 200, body: shown(kept.find(channel, id) as Sent) };
}
