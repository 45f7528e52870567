import { failureOf } from '../queue/retry.ts';
import type { Failure, Ticket } from '../tickets/ticket.ts';
import { type ConcludeNeeds, conclude, OPEN, plainReason } from './conclude.ts';
import { progress } from './progress.ts';
import type { RunRef } from './steps.ts';

interface Failed {
  /** The name that the state machine caught. */
  error: string;
  reason: string;
}

/**
 * Ends a run that failed: its ticket is received again when it is tried again by itself, and fails with the reason when
 * not. Called again, it completes what was left.
 */
export async function fail(
  ref: RunRef,
  { error, reason }: Failed,
  needs: ConcludeNeeds & { random: () => number },
): Promise<void> {
  const { org, ticketId, runId } = ref;
  const ticket = await needs.tickets.find(org, ticketId);
  if (ticket?.runId !== runId) return;
  if (!OPEN.includes(ticket.status) || ticket.pullRequest)
    return conclude(ref, { status: 'failed', reason }, needs);
  const at = { now: needs.clock.now(), random: needs.random() };
  const failure = failureOf({ error, runId }, ticket.failure, at);
  if (failure.retryAt) return putOff(ticket, ref, { failure, reason: plainReason(reason) }, needs);
  await conclude(ref, { status: 'failed', reason, failure }, needs);
}

/** The ticket's failure, then its run's end, then its being received again: so that its next run is told from this one. */
async function putOff(
  { org, id }: Ticket,
  ref: RunRef,
  { failure, reason }: { failure: Failure; reason: string },
  needs: ConcludeNeeds,
): Promise<void> {
  const { changed } = await needs.tickets.advance(org, id, OPEN, { failure });
  if (!changed) return;
  const { say } = progress(needs, ref, { who: 'platform', stage: 'done' });
  const { kind, attempts, at: endedAt, retryAt } = failure;
  const doing = 'platform: failed, and is tried again';
  await say(
    `Failed (${kind}, time ${attempts}): ${reason.slice(0, 1_500)}. It is tried again at ${retryAt}`,
    'error',
  );
  await needs.runs.update(org, ref.runId, { status: 'failed', stage: 'done', doing, endedAt });
  await needs.tickets.advance(org, id, OPEN, { status: 'received' });
  await needs.tickets.handOn(org, id);
}
