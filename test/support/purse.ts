import type { Claim, Outcome, Purse } from '#core/agents/spend.ts';
import { Fault } from '#core/fault.ts';

/** A purse without a bottom, unless `nanoUsd` says how deep, and what was settled from it; others are faster `races` times. */
export function openPurse(
  nanoUsd = 1e12,
  races = 0,
): { purse: Purse; rows: (Claim & Outcome)[]; reserved: Claim[] } {
  const rows: (Claim & Outcome)[] = [];
  const reserved: Claim[] = [];
  const left = () => nanoUsd - rows.reduce((sum, row) => sum + row.nanoUsd, 0);
  const purse: Purse = {
    left: async () => ({ of: 'run', nanoUsd: left() }),
    reserve: async (claim) => {
      if (races-- > 0) throw new Fault('OverBudget', 'others were faster');
      if (claim.nanoUsd > left()) throw new Fault('OverBudget', 'that is more than is left');
      reserved.push(claim);
    },
    settle: async (claim, outcome) => void rows.push({ ...claim, ...outcome }),
  };
  return { purse, rows, reserved };
}
