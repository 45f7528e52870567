import { Fault } from '../fault.ts';
import type { Ticket, TicketStatus } from './ticket.ts';

/** What has an end of its own keeps it; what is open, or waits for a person, ends with the merge. */
const KEPT: readonly TicketStatus[] = ['merged', 'closed', 'answered', 'cancelled'];

/** What becomes of a ticket that says the same as another: both stay, with their history, and one points to the other. */
export function mergedInto(
  ticket: Ticket,
  into: Ticket,
  by: string,
): Pick<Ticket, 'duplicateOf' | 'status' | 'reason'> {
  if (ticket.id === into.id) throw new Fault('Invalid', 'A ticket is no duplicate of itself; name two');
  if (ticket.duplicateOf)
    throw new Fault('Conflict', `${ticket.id} is merged into ${ticket.duplicateOf} already`);
  if (into.duplicateOf)
    throw new Fault('Conflict', `${into.id} is itself merged into ${into.duplicateOf}; merge into that one`);
  if (ticket.status === 'in_review')
    throw new Fault(
      'Conflict',
      `${ticket.id} has a pull request in review; close that first, or merge the other way`,
    );
  const reason = `${by} merged it into ${into.externalId} (${into.id}): it says the same`;
  return KEPT.includes(ticket.status)
    ? { duplicateOf: into.id, status: ticket.status, reason: ticket.reason }
    : { duplicateOf: into.id, status: 'cancelled', reason };
}
