import { Fault } from '../fault.ts';

/** How many runs may work at once: of everybody, and of one organization. */
export interface Limits {
  all: number;
  of(org: string): number;
}

/** Reads `50` and `25,acme=5,globex=2`: everybody's limit, then each organization's and the exceptions. */
export function limitsFrom(all: string, each: string): Limits {
  const [usual = '', ...exceptions] = each.split(',').map((part) => part.trim());
  const own = new Map(
    exceptions.map((part) => {
      const [org = '', slots = ''] = part.split('=');
      return [org, count(slots, part)] as const;
    }),
  );
  const most = count(usual, each);
  return { all: count(all, all), of: (org) => own.get(org) ?? most };
}

function count(text: string, whole: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new Fault('Invalid', `Slots are whole numbers, as 25 or 25,acme=5, and not "${whole}"`);
}
