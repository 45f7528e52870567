import { Fault } from '#core/fault.ts';
import type { Channel, Said, StatusText } from '#core/tickets/answer.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import type { SlackApp, SlackApps } from './apps.ts';
import { fitted, LIMIT, plain, sections } from './blocks.ts';
import type { Message, Slack } from './client.ts';

interface Needs {
  apps: Pick<SlackApps, 'find'>;
  connect(app: SlackApp): Pick<Slack, 'post' | 'edit' | 'find'>;
}

interface Where {
  channel: string;
  /** The message under which it is said; without one, what is said has to say what it is about. */
  thread?: string;
}

/** One message, edited in place: in the thread of the message that asked, or in the channel where `/triage` was typed. */
export function slackSource(needs: Needs): Channel {
  return { say: (ticket, status, said) => put(ticket, status, { said, where: askedIn(ticket), ...needs }) };
}

/** One message for each ticket in a channel that the organization has chosen. */
export function slackRoom(channel: string, needs: Needs): Channel {
  return { say: (ticket, status, said) => put(ticket, status, { said, where: { channel }, ...needs }) };
}

function askedIn({ externalId, metadata }: Ticket): Where {
  const [channel = '', thread = ''] = externalId.split('/');
  return channel === 'triage' ? { channel: String(metadata?.channel) } : { channel, thread };
}

async function put(
  ticket: Ticket,
  status: StatusText,
  { said, where, apps, connect }: Needs & { said: Said | undefined; where: Where },
): Promise<Said | undefined> {
  const app = await apps.find(ticket.org);
  if (!app) return undefined;
  const message = statusMessage(status, where.thread ? undefined : ticket);
  const text = JSON.stringify(message);
  if (said?.text === text) return said;
  const bot = connect(app);
  const ts = said?.ref ?? (await unnoted(bot, { ...where, since: new Date(ticket.createdAt) }, status.url));
  if (!ts) return { ref: await bot.post(where.channel, message, where.thread), text };
  await bot.edit({ channel: where.channel, ts }, message);
  return { ref: ts, text };
}

/** A message of ours that a crash left unnoted, by the ticket's address, which no other holds. An app that may not look posts again. */
async function unnoted(
  bot: Pick<Slack, 'find'>,
  where: Where & { since: Date },
  url: string,
): Promise<string | undefined> {
  return bot.find(where, url).catch((error: unknown) => {
    if (error instanceof Fault && error.code === 'Unauthorized') return undefined;
    throw error;
  });
}

/** All of it plain text, where nothing is a mention or markup; Slack itself makes addresses clickable. */
export function statusMessage(
  { headline, detail, pullRequest, url }: StatusText,
  about?: Pick<Ticket, 'externalId' | 'title'>,
): Message {
  const subject = about && `${about.externalId}: ${about.title}`;
  const said = [subject, `${headline}.`, pullRequest].filter((line) => line !== undefined);
  const lines = [...said, ...(detail ? [detail] : []), `Follow it: ${url}`];
  const text = plain([subject, headline].filter(Boolean).join(' – ')).text;
  return { text, blocks: sections(lines.map((line) => fitted(line, LIMIT.section))) };
}
