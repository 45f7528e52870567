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
