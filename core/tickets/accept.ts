import { createHash } from 'node:crypto';
import { parse } from '../parse.ts';
import type { Delivery, Tickets } from '../ports.ts';
import { Draft, type Ticket } from './ticket.ts';

/** The same request told twice, by whatever way, has the same id. */
export function ticketId({ org, source, externalId }: Pick<Draft, 'org' | 'source' | 'externalId'>): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([org, source, externalId]))
    .digest('hex');
  return `tk_${digest.slice(0, 16)}`;
}

/** Numbers a draft and stores it with its delivery, once: whatever comes again answers the ticket that is there. */
export function accept(
  draft: Draft,
  delivery: Delivery,
  tickets: Pick<Tickets, 'accept'>,
): Promise<{ ticket: Ticket; created: boolean }> {
  const { receivedAt } = delivery;
  const times = { createdAt: receivedAt, updatedAt: receivedAt };
  return tickets.accept(
    { ...parse(Draft, draft), ...times, id: ticketId(draft), status: 'received', version: 0 },
    delivery,
  );
}
