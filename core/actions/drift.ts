import { FACT_NAMES, type FactName, type Facts, isAmount, level } from './facts.ts';

/** By how much of itself an amount may have grown since it was agreed to. */
const TOLERANCE = 0.1;

/**
 * Facts that are no longer what people agreed to: an amount that grew by more than a tenth, anything else that became
 * more, or what can no longer be measured. Less is always fine.
 */
export function drifted(agreed: Facts, now: Facts): FactName[] {
  return FACT_NAMES.filter((name) => {
    const [before, after] = [level(name, agreed[name]), level(name, now[name])];
    if (before === undefined) return false;
    return after === undefined || after > before * (isAmount(name) ? 1 + TOLERANCE : 1);
  });
}
