import { createHash } from 'node:crypto';
import type { Delivery, Tickets } from '../ports.ts';
import { accept } from '../tickets/accept.ts';
import type { Draft, Ticket } from '../tickets/ticket.ts';
import type { CheckedChange } from './check.ts';
import { fingerprint, sentence } from './drift.ts';
import { CHECKER } from './report.ts';

type Store = Pick<Tickets, 'accept' | 'follow'>;

/** Takes a drift in as a webhook is taken in: a delivery and its ticket, once. */
export async function file(draft: Draft, tickets: Store): Promise<string> {
  const delivery = deliveryOf(draft, { id: draft.externalId, at: draft.openedAt, said: draft.body });
  return (await accept(draft, delivery, tickets)).ticket.id;
}

/** Has a ticket that is worked on tell of what came on top, once. */
export async function join(
  ticket: Ticket,
  { draft, fresh }: { draft: Draft; fresh: CheckedChange[] },
  tickets: Store,
): Promise<string> {
  const ids = fresh.map(({ id }) => id);
  const more = fresh.length > 3 ? ` and ${fresh.length - 3} more` : '';
  const text = `It has changed once more: ${fresh.slice(0, 3).map(sentence).join('; ')}${more}.`;
  await say(ticket, { id: fingerprint(ids, ticket.id), at: draft.openedAt, text, as: draft }, tickets);
  return ticket.id;
}

/** Says at a ticket that was closed without a merge that what it is about is still there, once. */
export async function tellClosed(ticket: Ticket, at: string, tickets: Store): Promise<void> {
  const text =
    'This was closed without a merge, and what it is about is still there. The baseline stays as it was; this is not said again.';
  await say(ticket, { id: 'closed', at, text }, tickets);
}

interface Words {
  id: string;
  at: string;
  text: string;
  as?: Draft;
}

async function say(ticket: Ticket, { id, at, text, as }: Words, tickets: Store): Promise<void> {
  const { org, source, externalId } = ticket;
  const comment = { id, at, by: CHECKER, text: text.slice(0, 2_000), isGone: false };
  const told = { org, source, externalId, at, by: CHECKER, comment, ...(as && { as }) };
  await tickets.follow(told, deliveryOf(ticket, { id: `${externalId}/${id}`, at, said: text }));
}

function deliveryOf(
  { org }: Pick<Draft, 'org'>,
  { id, at, said }: { id: string; at: string; said: string },
): Delivery {
  const raw = Buffer.from(JSON.stringify({ id, said }));
  const bodyHash = createHash('sha256').update(raw).digest('hex');
  return {
    ...{ org, id, bodyHash },
    source: 'drift',
    headers: {},
    body: raw.toString('base64'),
    receivedAt: at,
  };
}
