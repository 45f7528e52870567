import { Fault } from '../fault.ts';
import type { Clock, Runs, Tickets } from '../ports.ts';
import type { Queue } from '../queue/ports.ts';
import { isStuck, OPEN } from '../runs/conclude.ts';
import { anew } from './anew.ts';
import { cut } from './text.ts';
import type { Priority, Ticket, TicketStatus } from './ticket.ts';

export interface SteerNeeds {
  tickets: Pick<Tickets, 'find' | 'advance'>;
  runs: Pick<Runs, 'find' | 'update'>;
  queue: Pick<Queue, 'rerank'>;
  clock: Clock;
}

/** Ends after which a lead may have a ticket tried again. */
const AGAIN: readonly TicketStatus[] = ['failed', 'escalated', 'cancelled', 'declined'];

/** Milliseconds that ending a run takes at most, unless what ends it has failed. */
const ENDING = 600_000;

/** Gives an open ticket another priority; one that waits goes to where it then stands. */
export async function prioritize(ticket: Ticket, priority: Priority, needs: SteerNeeds): Promise<Ticket> {
  const { org, id, runId, classification } = ticket;
  const change = { priority, ...(classification && { classification: { ...classification, priority } }) };
  const { ticket: now, changed } = await needs.tickets.advance(org, id, OPEN, change);
  if (!changed) {
    const then = AGAIN.includes(now.status) ? '; have it tried again first' : '';
    throw new Fault('Conflict', `Nobody works on ticket ${id} any more: it is ${now.status}${then}`);
  }
  if (runId) await needs.queue.rerank(org, runId, { priority });
  return now;
}

/** Ends a ticket that is open or came to nothing; whoever works on it is stopped, and its place in the queue is free. */
export async function cancel({ org, id }: Ticket, by: string, needs: SteerNeeds): Promise<Ticket> {
  const reason = `${by} cancelled it`;
  const first = await needs.tickets.advance(org, id, OPEN, { status: 'cancelled', reason });
  if (first.changed || first.ticket.status === 'cancelled') return first.ticket;
  if (!isStuck(first.ticket)) throw ended(first.ticket);
  const change = givenUp(first.ticket, reason);
  const { ticket, changed } = await needs.tickets.advance(org, id, [first.ticket.status], change);
  if (!changed && ticket.status !== 'cancelled') throw ended(ticket);
  return ticket;
}

/** The end of a ticket that came to nothing; why it had is kept in its reason. */
export function givenUp({ status, reason }: Ticket, why: string): Pick<Ticket, 'status' | 'reason'> {
  return {
    status: 'cancelled',
    reason: cut(`${why}. It was ${status} before: ${reason ?? 'no reason'}`, 4_000),
  };
}

function ended({ id, status, pullRequest }: Ticket): Fault {
  const then = pullRequest ? `; merge or close its pull request instead, ${pullRequest.url}` : '';
  return new Fault('Conflict', `Ticket ${id} has ended already: it is ${status}${then}`);
}

/** Has a ticket that came to nothing begun with anew, in a run of its own. Its last run is over first, or the new one could not be told from it. */
export async function retry(ticket: Ticket, needs: SteerNeeds): Promise<Ticket> {
  const { org, id, status, runId } = ticket;
  if (ticket.duplicateOf)
    throw new Fault('Conflict', `It was merged into ${ticket.duplicateOf}; retry that one`);
  if (ticket.pullRequest)
    throw new Fault(
      'Conflict',
      `It has a pull request: say there what is missing, ${ticket.pullRequest.url}`,
    );
  if (!AGAIN.includes(status))
    throw new Fault('Conflict', `Only a ticket that came to nothing is tried again; this one is ${status}`);
  if (runId) await over(ticket, runId, needs);
  const { ticket: now, changed } = await needs.tickets.advance(org, id, [status], anew(ticket));
  if (!changed) throw new Fault('Conflict', `Ticket ${id} has just changed: it is ${now.status} now`);
  return now;
}

async function over({ org, updatedAt }: Ticket, runId: string, { runs, clock }: SteerNeeds): Promise<void> {
  const run = await runs.find(org, runId);
  if (run?.status !== 'running') return;
  const now = clock.now();
  if (now.getTime() - Date.parse(updatedAt) < ENDING)
    throw new Fault('Conflict', 'Its last run is still being ended; try again in a moment');
  await runs.update(org, runId, { status: 'failed', stage: 'done', endedAt: now.toISOString() });
}
