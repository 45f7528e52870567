import type { Limits } from './limits.ts';
import type { Counts } from './ports.ts';

/**
 * The organizations whose first ticket may have the next slot: of those that wait and have a slot of their own left, the
 * ones that hold the smallest part of it. None when no slot is free. Among them the smallest rank goes first.
 */
export function nextOrgs({ held, orgs }: Counts, limits: Limits, except?: ReadonlySet<string>): string[] {
  if (held >= limits.all) return [];
  const open = orgs.filter(
    (one) => one.waiting > 0 && one.held < limits.of(one.org) && !except?.has(one.org),
  );
  const share = (one: { org: string; held: number }) => one.held / limits.of(one.org);
  const least = Math.min(...open.map(share));
  return open.filter((one) => share(one) === least).map(({ org }) => org);
}
