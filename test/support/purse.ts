import type { Claim, Outcome, Purse } from '#core/agents/spend.ts';

/** A purse without a bottom, unless `nanoUsd` says how deep, and what was settled from it. */
export function openPurse(nanoUsd = 1e12): { purse: Purse; rows: (Claim & Outcome)[]; reserved: Claim[] } {
  const rows: (Claim & Outcome)[] = [];
  const reserved: Claim[] = [];
  const purse: Purse = {
    left: async () => ({ of: 'run', nanoUsd: nanoUsd - rows.reduce((sum, row) => sum + row.nanoUsd, 0) }),
    reserve: async (claim) => void reserved.push(claim),
    settle: async (claim, outcome) => void rows.push({ ...claim, ...outcome }),
  };
  return { purse, rows, reserved };
}
