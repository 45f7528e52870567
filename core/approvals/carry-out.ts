import { PolicyPayload } from '../actions/types/business.ts';
import { Fault } from '../fault.ts';
import type { Policies } from '../policy/ports.ts';
import { readPolicy } from '../policy/read.ts';
import { isOurs } from './ours.ts';
import { type Redeemed, type RedeemNeeds, redeem, report } from './redeem.ts';

interface Needs extends RedeemNeeds {
  policies: Policies;
}

/**
 * Does what was approved, once, and notes what came of it. Called again after a death in between it goes on: each effect
 * is conditional, and says whether it was made by this action.
 */
export async function carryOutAction({ org, id }: { org: string; id: string }, needs: Needs): Promise<void> {
  const approval = await needs.approvals.find(org, id);
  if (!approval || !isOurs(approval) || !['APPROVED', 'EXECUTING'].includes(approval.status)) return;
  const claim = { org, id, by: approval.requester, attempt: 'platform' };
  const redeemed = await redeem(claim, needs).catch(stopped);
  if (!redeemed) return;
  const isDone = await activate(redeemed, needs);
  const detail = isDone ? '' : 'Another policy was activated meanwhile; propose it again';
  await report({ org, id, by: approval.requester, isDone, detail }, needs);
}

/** An approval that is blocked, over, or taken up by another delivery of the same message needs nothing more from here. */
function stopped(error: unknown): undefined {
  if (error instanceof Fault && ['Conflict', 'Gone'].includes(error.code)) return undefined;
  throw error;
}

async function activate({ approval, payload }: Redeemed, { policies, clock }: Needs): Promise<boolean> {
  const { replaces, text } = PolicyPayload.parse(JSON.parse(payload));
  const { document } = readPolicy(text);
  if (!document) return false;
  const at = clock.now().toISOString();
  return policies.activate(approval.org, { replaces, document, text, actionId: approval.id, at });
}
