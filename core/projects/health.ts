import type { CheckRecord } from '../taps/check.ts';
import type { Ticket, TicketStatus } from '../tickets/ticket.ts';
import type { Integration } from './integration.ts';

/** How an integration fares: its newest work, and what is still open. */
export interface Health {
  lastRun?: { ticketId: string; title: string; status: TicketStatus; at: string };
  openTickets: number;
  /** With what the code said of where the catalog comes from. */
  lastCheck?: Pick<CheckRecord, 'state' | 'at' | 'ticketId' | 'discovery' | 'reason'>;
}

/** An integration as lists show it. */
export type IntegrationEntry = Integration & { health: Health };

const OVER: TicketStatus[] = ['merged', 'closed', 'answered', 'declined', 'cancelled'];

/** From an integration's tickets, newest first, and its last check. A ticket that is with a person is still open. */
export function healthOf(tickets: Ticket[], check?: CheckRecord): Health {
  const last = tickets.find(({ runId }) => runId);
  return {
    openTickets: tickets.filter(({ status }) => !OVER.includes(status)).length,
    ...(last && {
      lastRun: { ticketId: last.id, title: last.title, status: last.status, at: last.updatedAt },
    }),
    ...(check && {
      lastCheck: lastCheckOf(check),
    }),
  };
}

function lastCheckOf({ state, accepted, at, ticketId, discovery, reason }: CheckRecord): Health['lastCheck'] {
  return { state: accepted ? 'rebaselined' : state, at, ticketId, discovery, reason };
}
