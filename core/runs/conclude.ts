import type { Notice } from '../notice.ts';
import type { Clock, Notices, Projects, Runs, Tickets } from '../ports.ts';
import { cut, oneLine } from '../tickets/text.ts';
import type { Failure, Ticket, TicketStatus } from '../tickets/ticket.ts';
import { visible } from '../visible.ts';
import { progress } from './progress.ts';
import type { Run } from './run.ts';
import type { RunRef } from './steps.ts';

export interface ConcludeNeeds {
  tickets: Tickets;
  runs: Runs;
  projects: Projects;
  notices: Notices;
  clock: Clock;
  publicUrl: string;
  /** Told when no project says who decides. */
  adminEmail?: string | undefined;
}

/** Statuses in which the machine still works on a ticket, or waits for a decision on it. */
export const OPEN: readonly TicketStatus[] = [
  'received',
  'triaging',
  'diagnosing',
  'awaiting_approval',
  'implementing',
  'verifying',
];

/** Whether it came to nothing and waits for a person to end it or have it tried again. */
export function isStuck({ status, pullRequest }: Ticket): boolean {
  return (status === 'escalated' || status === 'failed') && !pullRequest;
}

/** Statuses in which nobody works on a ticket whose pull request may still be open: a review of it begins another run. */
export const REVIEWABLE: readonly TicketStatus[] = ['in_review', 'escalated', 'failed', 'declined'];

type End = Extract<TicketStatus, 'escalated' | 'declined' | 'failed' | 'merged' | 'closed' | 'cancelled'>;

const RUN_STATUS: Record<End, Run['status']> = {
  escalated: 'failed',
  failed: 'failed',
  declined: 'cancelled',
  merged: 'succeeded',
  closed: 'succeeded',
  cancelled: 'cancelled',
};

const SAYS: Record<End, string> = {
  escalated: 'needs a person',
  failed: 'failed',
  declined: 'was declined',
  merged: 'is merged',
  closed: 'was closed without merging',
  cancelled: 'was cancelled',
};

interface Conclusion {
  status: 'escalated' | 'declined' | 'failed';
  reason: string;
  /** Why it is a dead letter. */
  failure?: Failure;
}

/**
 * Ends a ticket without a pull request, once, and tells its people why. A ticket that has ended otherwise, or has a
 * pull request by now, is left alone. Called again, it completes what was left.
 */
export async function conclude(
  ref: RunRef,
  { status, reason, failure }: Conclusion,
  needs: ConcludeNeeds,
): Promise<void> {
  if (await isPutOff(ref, needs)) return;
  const plain = cut(visible(plainReason(reason)), 4_000);
  const { ticket } = await needs.tickets.advance(ref.org, ref.ticketId, OPEN, {
    status,
    reason: plain,
    runId: ref.runId,
    ...(failure && { failure }),
  });
  if (ticket.status !== status || ticket.runId !== ref.runId) return;
  await afterwards(ticket, ref, needs);
}

/** Whether the run is over and its ticket is not: it is tried again, maybe in another run by now. */
async function isPutOff(
  { org, ticketId, runId }: RunRef,
  { tickets, runs }: ConcludeNeeds,
): Promise<boolean> {
  const [ticket, run] = await Promise.all([tickets.find(org, ticketId), runs.find(org, runId)]);
  return ticket?.failure?.retryAt !== undefined && run?.stage === 'done' && OPEN.includes(ticket.status);
}

/** What follows from a ticket's end: its run is over, its log says so, and its people hear of it, once. */
export async function afterwards(ticket: Ticket, ref: RunRef, needs: ConcludeNeeds): Promise<void> {
  const status = ticket.status as End;
  const { org, runId } = ref;
  const run = await needs.runs.find(org, runId);
  if (run && run.stage !== 'done') {
    const because = ticket.reason ?? '';
    const log = progress(needs, ref, { who: 'platform', stage: 'done' });
    await log.say(`The ticket ${SAYS[status]}. ${because}`, status === 'failed' ? 'error' : 'info');
    const endedAt = run.endedAt ?? needs.clock.now().toISOString();
    const doing = `platform: the ticket ${SAYS[status]}`;
    await needs.runs.update(org, runId, { status: RUN_STATUS[status], stage: 'done', doing, endedAt });
  }
  const to = await audience(ticket, needs);
  if (to.length > 0) await needs.notices.post(notice(ticket, to, needs));
}

function notice(ticket: Ticket, to: string[], { publicUrl }: ConcludeNeeds): Notice {
  const status = ticket.status as End;
  const isTrouble = status === 'escalated' || status === 'failed';
  const title = oneLine(visible(ticket.title), 200);
  return {
    org: ticket.org,
    id: `ticket_${status}#${ticket.id}#${ticket.runId ?? ''}`,
    kind: isTrouble ? 'ticket_escalated' : 'ticket_closed',
    to,
    subject: cut(`${oneLine(ticket.externalId, 60)} ${SAYS[status]}: ${title}`, 150),
    paragraphs: [cut(`The ticket “${title}” ${SAYS[status]}.`, 4_000), ticket.reason ?? ''].filter(Boolean),
    facts: [{ name: 'Ticket', value: oneLine(ticket.externalId, 200) }],
    link: { label: 'Open the ticket', url: ticketUrl(publicUrl, ticket.id) },
    ticketId: ticket.id,
    at: ticket.updatedAt,
  };
}

/** Who hears of a ticket: its project's approvers, or those of every project when none is known, or the admin. */
export async function audience(
  ticket: Ticket,
  { projects, adminEmail }: Pick<ConcludeNeeds, 'projects' | 'adminEmail'>,
): Promise<string[]> {
  const all = await projects.list(ticket.org);
  const own = all.filter(({ id }) => id === ticket.classification?.projectId);
  const people = (own.length > 0 ? own : all).flatMap(({ approvers }) => approvers);
  return [...new Set(people.length > 0 || !adminEmail ? people : [adminEmail])];
}

/** Where people see a ticket. */
export function ticketUrl(publicUrl: string, ticketId: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/tickets/${ticketId}`;
}

/** A failed function's payload, as a machine hands it on, in words; any other text as it is. */
export function plainReason(reason: string): string {
  try {
    const { errorMessage } = JSON.parse(reason) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' && errorMessage ? errorMessage : reason;
  } catch {
    return reason;
  }
}
