import type { Ticket, TicketStatus } from '../tickets/ticket.ts';
import type { Integration } from './integration.ts';

/** How an integration fares: its newest work, and what is still open. */
export interface Health {
  lastRun?: { ticketId: string; title: string; status: TicketStatus; at: string };
  openTickets: number;
}

/** An integration as lists show it. */
export type IntegrationEntry = Integration & { health: Health };

const OVER: TicketStatus[] = ['merged', 'closed', 'answered', 'declined', 'cancelled'];

/** Of an integration's tickets, newest first. One that is with a person is still open. */
export function healthOf(tickets: Ticket[]): Health {
  const last = tickets.find(({ runId }) => runId);
  return {
    openTickets: tickets.filter(({ status }) => !OVER.includes(status)).length,
    ...(last && {
      lastRun: { ticketId: last.id, title: last.title, status: last.status, at: last.updatedAt },
    }),
  };
}
