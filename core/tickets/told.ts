import * as z from 'zod/mini';
import { isStuck, OPEN } from '../runs/conclude.ts';
import { anew } from './anew.ts';
import { givenUp } from './steer.ts';
import { Comment, Draft, Source, type Ticket } from './ticket.ts';

/** What a source says happened to something of its own. Times are by the source's clock: they order what arrives in any order. */
export const Told = z.object({
  org: z.string(),
  source: Source,
  externalId: z.string(),
  at: z.iso.datetime(),
  by: z.string().check(z.maxLength(200)),
  /** The whole of it as it was then, where the source says so much. */
  as: z.optional(Draft),
  state: z.optional(z.enum(['open', 'closed'])),
  /** A comment written, changed, or with `isGone` deleted. */
  comment: z.optional(z.extend(Comment, { isGone: z.boolean() })),
});
export type Told = z.infer<typeof Told>;

/** What a genuine delivery means to us; the same bytes always mean the same. */
export type Meaning =
  /** A request; and what it tells in case its ticket is there already. */
  | { kind: 'request'; draft: Draft; told?: Told }
  | { kind: 'told'; told: Told }
  /** What became of a pull request, which may be ours. */
  | { kind: 'outcome'; repository: string; number: number; status: 'merged' | 'closed'; by: string }
  /** Something is asked for on a pull request, which may be ours: `review/7`, `comment/12`. */
  | { kind: 'review'; repository: string; number: number; ref: string }
  | { kind: 'ignored'; why: string };

const MOST_COMMENTS = 10;

/** What changes on a ticket by what its source tells; nothing when it is old news. */
export function changeBy(ticket: Ticket, told: Told): Partial<Ticket> | undefined {
  const isNews = told.at >= (ticket.changedAt ?? ticket.openedAt);
  const all = { ...(isNews && { ...content(told), ...standing(ticket, told) }), ...comments(ticket, told) };
  const changed = Object.entries(all).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(ticket[name as keyof Ticket]),
  );
  if (changed.every(([name]) => name === 'changedAt')) return undefined;
  return Object.fromEntries(changed);
}

/** A comment's event says nothing of when the rest was changed. */
function content({ as, at }: Told): Partial<Ticket> {
  if (!as) return {};
  const { title, body, labels, url, type, priority } = as;
  return { title, body, labels, url, type, priority, changedAt: at };
}

/** Closing it there cancels what is not yet in review, or came to nothing; opening it again there begins anew what closing had cancelled, unless it was merged into another. */
function standing(ticket: Ticket, { state, source, by }: Told): Partial<Ticket> {
  const { status, atSource, duplicateOf } = ticket;
  if (!state || state === (atSource ?? 'open')) return {};
  const reason = `${by} closed it at the source (${source})`;
  if (state === 'closed' && OPEN.includes(status)) return { atSource: state, status: 'cancelled', reason };
  if (state === 'closed' && isStuck(ticket)) return { atSource: state, ...givenUp(ticket, reason) };
  if (state === 'open' && status === 'cancelled' && !duplicateOf) return { ...anew(ticket), atSource: state };
  return { atSource: state };
}

/** A deleted one stays without its text, so that it does not come back when its first telling is late. */
function comments({ comments: before = [] }: Ticket, { comment }: Told): Partial<Ticket> {
  if (!comment) return {};
  const { isGone, ...said } = comment;
  const same = before.find(({ id }) => id === said.id);
  if (same && (same.text === '' || same.at > said.at)) return {};
  const others = before.filter(({ id }) => id !== said.id);
  const all = [...others, isGone ? { ...said, text: '' } : said];
  return { comments: all.toSorted((a, b) => (a.at < b.at ? -1 : 1)).slice(-MOST_COMMENTS) };
}

/** What is remembered of things that were told before the request itself came: the newest whole and state, and the newest comments. */
export function remembered(before: readonly Told[], told: Told): Told[] {
  const all = [...before, told].toSorted((a, b) => (a.at < b.at ? -1 : 1));
  const last = all.findLast(({ as }) => as);
  return all.filter((one) => one === last || one.comment || (!one.as && one.state)).slice(-2 * MOST_COMMENTS);
}

/** A new ticket, with everything that was told before it came. */
export function caughtUp(ticket: Ticket, before: readonly Told[]): Ticket {
  let now = ticket;
  for (const told of before) now = { ...now, ...changeBy(now, told) };
  return now;
}
