import { type Facts, level } from '../actions/facts.ts';
import { type Budget, budgetKey } from './policy.ts';
import type { Spent, Use } from './ports.ts';

/** A window is kept in this many slices: what leaves it, leaves by the slice. */
const SLICES = 24;

/** A budget's use as it is stored. */
export interface Used {
  slices: Record<string, number>;
  version: number;
}

/** What was used of each budget within its window at a moment. A slice counts until all of it has left the window. */
export function spentOf(org: string, budgets: readonly (Budget & { used: Used })[], now: Date): Spent {
  const live = budgets.map((budget) => ({ ...budget, key: budgetKey(budget), slices: within(budget, now) }));
  const spent = Object.fromEntries(
    live.map(({ key, slices }) => [key, Object.values(slices).reduce((sum, one) => sum + one, 0)]),
  );
  return { spent, using: (facts) => live.flatMap((budget) => use(org, budget, { facts, now })) };
}

type Live = Budget & { key: string; slices: Record<string, number>; used: Used };

function use(org: string, budget: Live, { facts, now }: { facts: Facts; now: Date }): Use[] {
  const amount = level(budget.metric, facts[budget.metric]) ?? 0;
  if (amount === 0) return [];
  const slice = String(sliceOf(budget, now));
  const slices = { ...budget.slices, [slice]: (budget.slices[slice] ?? 0) + amount };
  return [{ org, budget: budget.key, slices, version: budget.used.version }];
}

function sliceOf({ window }: Budget, now: Date): number {
  return Math.floor(now.getTime() / ((window * 1000) / SLICES));
}

function within(budget: Budget & { used: Used }, now: Date): Record<string, number> {
  const oldest = sliceOf(budget, now) - SLICES;
  return Object.fromEntries(Object.entries(budget.used.slices).filter(([slice]) => Number(slice) >= oldest));
}
