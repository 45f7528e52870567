import { Fault } from './fault.ts';

const UNITS: [string, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** How long from one moment to a later one, in the two largest units: `2 days 3 hours`. */
export function duration(from: Date, to: Date): string {
  let left = Math.max(0, Math.floor((to.getTime() - from.getTime()) / 1000));
  const parts = UNITS.flatMap(([unit, seconds]) => {
    const count = Math.floor(left / seconds);
    left -= count * seconds;
    return count > 0 ? [`${count} ${unit}${count === 1 ? '' : 's'}`] : [];
  });
  return parts.slice(0, 2).join(' ') || 'less than a minute';
}

const LENGTHS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `90s`, `15m`, `2h30m`, `3d`. Throws `Invalid` for anything else. */
export function milliseconds(text: string): number {
  const parts = [...text.matchAll(/(\d+)([smhd])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.trim())
    throw new Fault('Invalid', `"${text}" is no length of time; write it like 90s, 15m, 2h30m or 3d`);
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (LENGTHS[unit as string] ?? 0), 0);
}
