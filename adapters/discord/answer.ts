import * as z from 'zod/mini';
import { Fault } from '#core/fault.ts';
import type { Channel, StatusText } from '#core/tickets/answer.ts';
import { cut } from '#core/tickets/text.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { statusMarkdown } from '../markdown.ts';
import { sendOut } from '../outbound.ts';
import { retryAfterMs } from '../retry-after.ts';

/** How an organization's Discord is reached: as its bot. */
export const DiscordBot = z.object({
  token: z.string().check(z.minLength(1)),
  /** Where Discord is, if a proxy of the operator's stands before it. */
  url: z._default(z.url({ protocol: /^https?$/ }), 'https://discord.com'),
  isPrivate: z.optional(z.boolean()),
});
export type DiscordBot = z.infer<typeof DiscordBot>;

const Message = z.object({ id: z.string() });
const Messages = z.array(
  z.object({ id: z.string(), content: z.string(), author: z.object({ bot: z.optional(z.boolean()) }) }),
);

/** Characters of a message. */
const LONGEST = 2_000;
/** Nobody is mentioned, and no preview of a link is shown. */
const QUIET = { allowed_mentions: { parse: [] }, flags: 1 << 2 };

/** One message for each ticket in a channel, edited in place. */
export function discordRoom(to: string, botOf: (org: string) => Promise<DiscordBot | undefined>): Channel {
  return {
    say: async (ticket, status, said) => {
      const bot = await botOf(ticket.org);
      if (!bot) return undefined;
      const text = fitted(status, ticket);
      if (said?.text === text) return said;
      const path = `/api/v10/channels/${to}/messages`;
      const ref = said?.ref ?? (await unnoted(bot, path, status.url));
      const message = { content: text, ...QUIET };
      if (ref) await call(bot, 'PATCH', `${path}/${ref}`, message);
      // For some minutes Discord itself answers the same message to the same nonce.
      const once = { nonce: ticket.id, enforce_nonce: true };
      return {
        ref: ref ?? z.parse(Message, await call(bot, 'POST', path, { ...message, ...once })).id,
        text,
      };
    },
  };
}

/** As much of why as fits beside the rest. */
function fitted({ detail, ...rest }: StatusText, ticket: Ticket): string {
  const left = LONGEST - statusMarkdown(rest, ticket).length - 20;
  return statusMarkdown({ ...rest, ...(detail && { detail: cut(detail, left) }) }, ticket);
}

/** A message of ours that a crash left unnoted, by the ticket's address, which no other holds. */
async function unnoted(bot: DiscordBot, path: string, url: string): Promise<string | undefined> {
  const newest = z.parse(Messages, await call(bot, 'GET', `${path}?limit=100`));
  return newest.find(({ author, content }) => author.bot && content.includes(url))?.id;
}

async function call(
  { token, url, isPrivate }: DiscordBot,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const { status, text, headers } = await sendOut({
    ...{ url: new URL(path, url).href, method, isPrivate, body: body ? JSON.stringify(body) : '' },
    headers: {
      authorization: `Bot ${token}`,
      'content-type': 'application/json',
      'user-agent': 'DiscordBot (https://github.com/signalbox, 1)',
    },
    maxAnswer: 2_000_000,
  });
  if (status >= 200 && status < 300) return JSON.parse(text);
  throw fault(status, text, retryAfterMs(headers['retry-after']));
}

const Refusal = z.object({ code: z.optional(z.number()), message: z.optional(z.string()) });
/** By Discord's own codes: what a lead can do about it, or what has become of it. */
const ADVICE: Record<number, string> = {
  10003: 'there is no such channel',
  10008: 'somebody has deleted our message; it is not written again',
  50001: 'invite the bot, and let it see the channel and its history',
  50013: 'let the bot send messages in this channel',
  50083: 'the thread is archived',
};

function fault(status: number, text: string, afterMs: number | undefined): Fault {
  const { code = 0, message = '' } = refusalIn(text);
  const said = [`Discord answered ${status}`, message, ADVICE[code]].filter(Boolean).join('; ');
  if (status === 429) return new Fault('TooMany', said, { afterMs: afterMs ?? 30_000 });
  if (status >= 500) return new Fault('Unavailable', said, { afterMs });
  if (status === 401) return new Fault('Unauthorized', `${said}; put the bot's new token into its secret`);
  if (status === 404) return new Fault('Gone', said);
  return new Fault(status === 403 ? 'Forbidden' : 'Invalid', said);
}

function refusalIn(text: string): z.infer<typeof Refusal> {
  try {
    return z.parse(Refusal, JSON.parse(text));
  } catch {
    return {};
  }
}
