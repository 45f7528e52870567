import { createHash } from 'node:crypto';
import { parse } from '../parse.ts';
import type { Accepted, Delivery, Tickets } from '../ports.ts';
import { Draft, type Ticket } from './ticket.ts';

/** The same request told twice, by whatever way, has the same id. */
export function ticketId({ org, source, externalId }: Pick<Draft, 'org' | 'source' | 'externalId'>): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([org, source, externalId]))
    .digest('hex');
  return `tk_${digest.slice(0, 16)}`;
}

/** A draft as the ticket that its delivery makes. */
export function ticketOf(draft: Draft, { receivedAt }: Pick<Delivery, 'receivedAt'>): Ticket {
  const times = { createdAt: receivedAt, updatedAt: receivedAt };
  return { ...parse(Draft, draft), ...times, id: ticketId(draft), status: 'received', version: 0 };
}

/** Numbers a draft and stores it with its delivery, once: whatever comes again answers the ticket that is there. */
export function accept(
  draft: Draft,
  delivery: Delivery,
  tickets: Pick<Tickets, 'accept'>,
): Promise<Accepted> {
  return tickets.accept(ticketOf(draft, delivery), delivery);
}
