import { hashOf } from '../canonical.ts';
import { Fault } from '../fault.ts';
import type { Clock, Runs, Tickets } from '../ports.ts';
import type { RunRef } from '../runs/steps.ts';
import type { Approval } from './approval.ts';
import { ended, resumed } from './decide.ts';
import { type Block, blocked } from './execute.ts';
import { isStillThePlan, PlanPayload } from './plan.ts';
import type { Approvals } from './ports.ts';
import { type StandNeeds, stands } from './stands.ts';

export interface LoadNeeds extends StandNeeds {
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
    if (approval.status === 'PENDING') {
      await expire(approval, needs);
      continue;
    }
    const heard = await hear(approval, needs);
    if (heard) return outcome(heard, ref.runId, needs);
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

/** The approval once its outcome was heard, now or before; nothing when it must be looked at again. What was blocked stays so. */
async function hear(approval: Approval, needs: LoadNeeds): Promise<Approval | undefined> {
  const at = needs.clock.now().toISOString();
  const why = approval.status === 'APPROVED' ? await whatStops(approval, needs) : undefined;
  if (!why && approval.resume === 'RESUMED') return approval;
  const step = why ? blocked(approval, why, at) : resumed(approval, at);
  return (await needs.approvals.take(approval, step)) ? step.next : undefined;
}

async function outcome(approval: Approval, runId: string, needs: LoadNeeds): Promise<Loaded> {
  const loaded = verdict(approval);
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

function verdict(approval: Approval): Loaded {
  if (approval.status === 'PENDING') throw new Fault('Conflict', 'A pending approval has no outcome');
  return { decision: WORD[approval.status] ?? 'cancelled', reason: inWords(approval) };
}

/** Why what was approved must not be done any more; nothing when it may. */
async function whatStops(approval: Approval, needs: LoadNeeds): Promise<Block | undefined> {
  const { org, id, revision, payloadHash, ticketId, facts } = approval;
  const [text, ticket] = await Promise.all([
    needs.approvals.payload(org, id, revision),
    ticketId ? needs.tickets.find(org, ticketId) : undefined,
  ]);
  if (!text || hashOf(text) !== payloadHash) return 'hash_mismatch';
  if (!ticket || !isStillThePlan(PlanPayload.parse(JSON.parse(text)), ticket)) return 'facts';
  return (await stands(approval, facts, needs)) ? undefined : 'policy';
}

function inWords({ status, decision, approvers, expiresAt }: Approval): string {
  if (status === 'EXPIRED') return `Nobody decided on the plan until ${expiresAt}`;
  if (status === 'EXEC_BLOCKED')
    return 'The ticket, its plan or the policy was changed after it was approved, so nothing was done; ask again';
  if (status === 'INVALIDATED') return 'The policy became stricter before anyone decided; ask again';
  if (status === 'CANCELLED') return 'The question was withdrawn before anyone decided';
  const who = approvers.find(({ id }) => id === decision?.by)?.email ?? decision?.by;
  const why = decision?.reason ? `: ${decision.reason}` : '';
  return `${status === 'APPROVED' ? 'Approved' : 'Declined'} by ${who}${why}`.slice(0, 2_000);
}
