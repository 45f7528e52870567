import { hashOf } from '../canonical.ts';
import { Fault } from '../fault.ts';
import type { Clock, Runs, Tickets } from '../ports.ts';
import type { RunRef } from '../runs/steps.ts';
import type { Approval } from './approval.ts';
import { blocked, ended, resumed } from './decide.ts';
import { isStillThePlan, PlanPayload } from './plan.ts';
import type { Approvals } from './ports.ts';

export interface LoadNeeds {
  approvals: Approvals;
  tickets: Tickets;
  runs: Runs;
  clock: Clock;
}

export interface Loaded {
  decision: 'approved' | 'declined' | 'expired' | 'cancelled';
  reason: string;
}

const WORD: Partial<Record<Approval['status'], Loaded['decision']>> = {
  APPROVED: 'approved',
  DECLINED: 'declined',
  EXPIRED: 'expired',
};

const TRIES = 5;

/**
 * What was decided, by the row alone, whatever woke the machine. A pending one is expired here, and a settled one is
 * marked as heard. An approval counts only if the stored bytes, and the ticket as it is now, are what was approved.
 */
export async function loadDecision(
  ref: RunRef & { approvalId: string; executionArn: string },
  needs: LoadNeeds,
): Promise<Loaded> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const approval = await find(ref, needs);
    if (approval.status === 'PENDING') await expire(approval, needs);
    else if (await hear(approval, needs)) return outcome(approval, ref.runId, needs);
  }
  throw new Fault('Unavailable', 'The approval keeps changing; try again');
}

async function find(
  { org, runId, approvalId, executionArn }: RunRef & { approvalId: string; executionArn: string },
  { approvals }: LoadNeeds,
): Promise<Approval> {
  const approval = await approvals.find(org, approvalId);
  if (!approval) throw new Fault('NotFound', `There is no approval ${approvalId}`);
  if (approval.runId !== runId || executionArn.split(':').at(-1) !== runId) {
    throw new Fault('Forbidden', `Approval ${approvalId} belongs to another run`);
  }
  return approval;
}

async function expire(approval: Approval, { approvals, clock }: LoadNeeds): Promise<void> {
  await approvals.take(approval, ended(approval, 'EXPIRED', clock.now().toISOString()));
}

/** Answers whether the outcome may be told: it was heard now or before. What was blocked once stays so. */
async function hear(approval: Approval, needs: LoadNeeds): Promise<boolean> {
  const at = needs.clock.now().toISOString();
  if (approval.status === 'APPROVED' && !(await isAsApproved(approval, needs))) {
    await needs.approvals.take(approval, blocked(approval, at));
    return false;
  }
  return approval.resume === 'RESUMED' || needs.approvals.take(approval, resumed(approval, at));
}

async function outcome(approval: Approval, runId: string, needs: LoadNeeds): Promise<Loaded> {
  const loaded = { decision: WORD[approval.status] ?? 'cancelled', reason: inWords(approval) };
  const at = approval.decidedAt ?? needs.clock.now().toISOString();
  const isGood = loaded.decision === 'approved';
  await needs.runs.say(approval.org, runId, {
    id: `${at}#${approval.id}#heard`,
    at,
    stage: 'approval',
    who: approval.decision ? 'person' : 'platform',
    level: isGood ? 'info' : 'warn',
    text: loaded.reason,
  });
  return loaded;
}

async function isAsApproved(
  { org, id, revision, payloadHash, ticketId }: Approval,
  { approvals, tickets }: LoadNeeds,
): Promise<boolean> {
  const [text, ticket] = await Promise.all([
    approvals.payload(org, id, revision),
    ticketId ? tickets.find(org, ticketId) : undefined,
  ]);
  if (!text || !ticket || hashOf(text) !== payloadHash) return false;
  return isStillThePlan(PlanPayload.parse(JSON.parse(text)), ticket);
}

function inWords({ status, decision, approvers, expiresAt }: Approval): string {
  if (status === 'EXPIRED') return `Nobody decided on the plan until ${expiresAt}`;
  if (status === 'CANCELLED') return 'The question was withdrawn before anyone decided';
  if (status === 'EXEC_BLOCKED')
    return 'The ticket or its plan was changed after it was approved, so nothing was done; ask again';
  const who = approvers.find(({ id }) => id === decision?.by)?.email ?? decision?.by;
  const why = decision?.reason ? `: ${decision.reason}` : '';
  return `${status === 'APPROVED' ? 'Approved' : 'Declined'} by ${who}${why}`.slice(0, 2_000);
}
