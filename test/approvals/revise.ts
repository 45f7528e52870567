import type { Approval } from '#core/approvals/approval.ts';
import { step } from '#core/approvals/step.ts';
import { canonical, hashOf } from '#core/canonical.ts';
import { approvals, BEN, NOW, ORG, payload, vote } from '../support/approvals.ts';

/** The approval after Ben has asked for something else instead, on which others decide. */
export async function revised(approval: Approval): Promise<Approval> {
  const text = canonical(payload({ cost: { spentNanoUsd: 1, budgetNanoUsd: 9e9 } }));
  const change = { revision: approval.revision + 1, payloadHash: hashOf(text) };
  const actor = { principal: BEN, auth: 'session' } as const;
  const next = step({ ...approval, ...change }, {}, { type: 'MODIFIED', at: NOW.toISOString(), actor });
  const { approval: now } = await approvals.decide(
    ...([ORG, approval.id, vote(approval, { by: BEN }), NOW] as const),
    async () => ({ payload: text, steps: [next], notices: [] }),
  );
  return now;
}
