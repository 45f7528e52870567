import { parse } from '../parse.ts';
import type { Delivery, DeliveryOutcome, Tickets } from '../ports.ts';
import { OPEN, REVIEWABLE } from '../runs/conclude.ts';
import { ticketOf } from './accept.ts';
import type { Ticket } from './ticket.ts';
import { caughtUp, type Meaning, Told } from './told.ts';

interface Needs {
  tickets: Pick<
    Tickets,
    'accept' | 'follow' | 'keep' | 'handOn' | 'findByPullRequest' | 'advance' | 'addReview'
  >;
  now: Date;
}

/** Milliseconds within which a received ticket is begun with, unless what hands it on has failed. */
const BEGUN = 120_000;

export interface Taken {
  outcome: DeliveryOutcome;
  ticket?: Ticket;
}

/**
 * Does what a genuine delivery means, once, and keeps it. Safe to call again with the same delivery: what was done is
 * not done twice, and a ticket that nobody has begun with meanwhile is handed on again.
 */
export async function take(delivery: Delivery, meaning: Meaning, needs: Needs): Promise<Taken> {
  const { tickets } = needs;
  switch (meaning.kind) {
    case 'request':
      return request(delivery, meaning, needs);
    case 'told':
      return tickets.follow(parse(Told, meaning.told), delivery);
    case 'outcome':
      return outcome(delivery, meaning, needs);
    case 'review':
      return review(delivery, meaning, needs);
    case 'ignored':
      await tickets.keep(delivery, { outcome: 'ignored', why: meaning.why });
      return { outcome: 'ignored' };
  }
}

type Of<Kind> = Extract<Meaning, { kind: Kind }>;

async function request(
  delivery: Delivery,
  { draft, told: given }: Of<'request'>,
  { tickets, now }: Needs,
): Promise<Taken> {
  const told = given && parse(Told, given);
  const ticketNow = caughtUp(ticketOf(draft, delivery), told ? [told] : []);
  const { ticket, created, isSeen } = await tickets.accept(ticketNow, delivery);
  if (created) return { outcome: 'ticket', ticket };
  if (isLeft(ticket, now)) await tickets.handOn(ticket.org, ticket.id);
  if (isSeen) return { outcome: 'known', ticket };
  if (told) return { ticket, ...(await tickets.follow(told, delivery)) };
  await tickets.keep(delivery, { outcome: 'known', ticketId: ticket.id });
  return { outcome: 'known', ticket };
}

function isLeft({ status, updatedAt }: Ticket, now: Date): boolean {
  return status === 'received' && now.getTime() - Date.parse(updatedAt) > BEGUN;
}

/** The machine has done its part by then; who is told of the outcome follows from the ticket's change. */
async function outcome(
  delivery: Delivery,
  { repository, number, status, by }: Of<'outcome'>,
  { tickets }: Needs,
): Promise<Taken> {
  const { org } = delivery;
  const found = await tickets.findByPullRequest(org, repository, number);
  if (!found) return notOurs(delivery, tickets);
  const did = status === 'merged' ? 'merged' : 'closed without merging';
  const reason = `The pull request was ${did} by ${by}`;
  // One that was closed may be opened again and merged.
  const from = [...OPEN, ...REVIEWABLE, ...(status === 'merged' ? (['closed'] as const) : [])];
  const { ticket } = await tickets.advance(org, found.id, from, { status, reason });
  await tickets.keep(delivery, { outcome: 'event', why: reason, ticketId: ticket.id });
  return { outcome: 'event', ticket };
}

/** Only notes that something was asked: whether it counts, the forge is asked when the ticket's turn comes. */
async function review(
  delivery: Delivery,
  { repository, number, ref }: Of<'review'>,
  { tickets }: Needs,
): Promise<Taken> {
  const { org } = delivery;
  const ticket = await tickets.findByPullRequest(org, repository, number);
  if (!ticket) return notOurs(delivery, tickets);
  await tickets.addReview(org, ticket.id, ref);
  await tickets.keep(delivery, { outcome: 'event', why: `Asked for in ${ref}`, ticketId: ticket.id });
  return { outcome: 'event', ticket };
}

async function notOurs(delivery: Delivery, tickets: Needs['tickets']): Promise<Taken> {
  await tickets.keep(delivery, { outcome: 'ignored', why: 'a pull request that is not ours' });
  return { outcome: 'ignored' };
}
