import { drifted } from '../actions/drift.ts';
import type { Facts } from '../actions/facts.ts';
import { hashOf } from '../canonical.ts';
import { Fault } from '../fault.ts';
import type { Clock } from '../ports.ts';
import type { Approval } from './approval.ts';
import { type Block, blocked, executed, executing, overdue, refuseUse } from './execute.ts';
import type { Approvals } from './ports.ts';
import { type StandNeeds, stands } from './stands.ts';

export interface RedeemNeeds extends StandNeeds {
  approvals: Pick<Approvals, 'find' | 'payload' | 'take'>;
  clock: Clock;
  /** What the server measures about a payload now. */
  measure(org: string, type: string, payload: unknown): Promise<Facts>;
}

export interface Redeemed {
  approval: Approval;
  /** The bytes that were approved: nothing else may be done. */
  payload: string;
}

interface Claim {
  org: string;
  id: string;
  /** Principal that proposed the action. */
  by: string;
  /** Names this attempt: the same one gets the same answer again, another one is turned away. */
  attempt: string;
}

const WORDS: Record<Block, string> = {
  hash_mismatch: 'what is stored is not what was approved; tell an admin',
  policy: 'the policy is stricter now; propose it again',
  facts: 'what it acts on has changed since it was approved; propose it again',
};

/**
 * Takes an approval up, once: the stored bytes must be those that were approved, today's policy must not ask for more
 * than was given, and what was measured must still be so. Throws `Conflict` or `Gone`, saying what to do.
 */
export async function redeem(claim: Claim, needs: RedeemNeeds): Promise<Redeemed> {
  const approval = await found(claim, needs);
  const payload = (await needs.approvals.payload(claim.org, claim.id, approval.revision)) ?? '';
  if (isHeldBy(approval, claim, needs)) return { approval, payload };
  const now = needs.clock.now();
  await endIfOverdue(approval, now, needs);
  refuseUse(approval, claim.by, now);
  const block = await blocks(approval, payload, needs);
  const step = block ? blocked(approval, block, now.toISOString()) : executing(approval, claim.attempt, now);
  if (!(await needs.approvals.take(approval, step)))
    throw new Fault('Conflict', 'Somebody else took it up at this moment; look at it again');
  if (block) throw new Fault('Conflict', `This must not be carried out: ${WORDS[block]}`);
  return { approval: step.next, payload };
}

function isHeldBy(
  { status, lease, requester }: Approval,
  { attempt, by }: Claim,
  { clock }: RedeemNeeds,
): boolean {
  const isLive = lease !== undefined && clock.now().toISOString() < lease.until;
  return status === 'EXECUTING' && isLive && lease.holder === attempt && requester === by;
}

async function endIfOverdue(approval: Approval, now: Date, { approvals }: RedeemNeeds): Promise<void> {
  const end = overdue(approval, now);
  if (!end) return;
  await approvals.take(approval, end);
  throw new Fault('Gone', 'It was not carried out, or not reported, in time; propose it again');
}

/** Why it must not be done any more; nothing when it may. */
async function blocks(approval: Approval, payload: string, needs: RedeemNeeds): Promise<Block | undefined> {
  const { org, type, payloadHash, facts } = approval;
  if (hashOf(payload) !== payloadHash) return 'hash_mismatch';
  const measured = await needs.measure(org, type, JSON.parse(payload));
  if (drifted(facts, measured).length > 0) return 'facts';
  return (await stands(approval, measured, needs)) ? undefined : 'policy';
}

/** Notes what came of an action. Said again with the same outcome it is done; another outcome is `Conflict`. */
export async function report(
  { org, id, by, isDone, detail }: { org: string; id: string; by: string; isDone: boolean; detail: string },
  needs: Pick<RedeemNeeds, 'approvals' | 'clock'>,
): Promise<Approval> {
  const approval = await found({ org, id }, needs);
  if (approval.requester !== by)
    throw new Fault('Forbidden', 'Only whoever proposed an action reports on it');
  if (approval.status === (isDone ? 'EXECUTED' : 'EXEC_FAILED')) return approval;
  if (approval.status !== 'EXECUTING' && approval.status !== 'EXEC_UNKNOWN')
    throw new Fault('Conflict', `It is ${approval.status.toLowerCase()}, not being carried out`);
  const step = executed(approval, { isDone, detail, at: needs.clock.now().toISOString() });
  if (await needs.approvals.take(approval, step)) return step.next;
  throw new Fault('Conflict', 'It was reported at this moment already; look at it again');
}

async function found(
  { org, id }: { org: string; id: string },
  { approvals }: Pick<RedeemNeeds, 'approvals'>,
) {
  const approval = await approvals.find(org, id);
  if (!approval) throw new Fault('NotFound', 'There is no such action');
  return approval;
}
