import { PolicyUpdatePayload, UnfreezePayload } from '../actions/types/business.ts';
import { Fault } from '../fault.ts';
import type { Policies } from '../policy/ports.ts';
import { acceptable } from '../policy/update.ts';
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
  const outcome =
    approval.type === 'policy.unfreeze' ? await unfrozen(redeemed, needs) : await activated(redeemed, needs);
  await report({ org, id, by: approval.requester, ...outcome }, needs);
}

/** An approval that is blocked, over, or taken up by another delivery of the same message needs nothing more from here. */
function stopped(error: unknown): undefined {
  if (error instanceof Fault && ['Conflict', 'Gone'].includes(error.code)) return undefined;
  throw error;
}

async function unfrozen({ approval: { org }, payload }: Redeemed, { policies }: Needs) {
  const { since } = UnfreezePayload.parse(JSON.parse(payload));
  const isDone = await policies.unfreeze(org, since);
  return { isDone, detail: isDone ? '' : 'It was frozen again meanwhile; propose it again' };
}

/** The file is checked again: people may have left since, so that nobody could change it any more. */
async function activated({ approval, payload }: Redeemed, { policies, people, clock }: Needs) {
  const { org, id: actionId } = approval;
  const { replaces, text } = PolicyUpdatePayload.parse(JSON.parse(payload));
  const at = clock.now().toISOString();
  try {
    const { document } = acceptable(text, { org, people: await people.list(org) });
    const isDone = await policies.activate(org, { replaces, document, text, actionId, at });
    return { isDone, detail: isDone ? '' : 'Another policy was activated meanwhile; propose it again' };
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'Invalid') throw error;
    return { isDone: false, detail: error.message };
  }
}
