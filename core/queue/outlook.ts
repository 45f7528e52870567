import type { Limits } from './limits.ts';
import type { Counts } from './ports.ts';

/** How an organization's queue stands. */
export interface Outlook {
  /** Slots that its runs may have now, as long as the others who wait or work get theirs. */
  slots: number;
  free: number;
  /** Milliseconds that one of its runs holds a slot, as the newest ones did; undefined while none was measured. */
  took?: number | undefined;
}

/** What an organization can expect of the queue. */
export function outlookOf(org: string, { held, orgs }: Counts, limits: Limits): Outlook {
  const own = orgs.find((one) => one.org === org) ?? { held: 0, took: [] };
  const others = orgs.filter((one) => one.org !== org && one.held + one.waiting > 0);
  const slots = Math.min(limits.of(org), Math.max(1, Math.floor(limits.all / (others.length + 1))));
  const free = Math.max(0, Math.min(limits.of(org) - own.held, limits.all - held));
  return { slots, free, took: own.took.toSorted((a, b) => a - b)[Math.floor(own.took.length / 2)] };
}

/** Seconds until the `position`-th that waits is worked on: one slot comes free each time that a run takes, divided by the slots. Null while nothing was measured. */
export function waitAt(position: number, { slots, free, took }: Outlook): number | null {
  if (position <= free) return 0;
  return took === undefined ? null : Math.ceil(((position - free) * took) / slots / 1_000);
}
