const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const ABSOLUTE = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** "3 minutes ago", for a past or coming ISO time. */
export function relative(iso: string, now = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? (['second', 1] as const);
  return RELATIVE.format(Math.round(seconds / size), unit);
}

/** The time in the reader's own zone. */
export function absolute(iso: string): string {
  return ABSOLUTE.format(new Date(iso));
}

/** Nano-dollars as dollars and cents; what is under a cent but not nothing says so. */
export function money(nanoUsd: number): string {
  if (nanoUsd > 0 && nanoUsd < 10_000_000) return 'under $0.01';
  return `$${(nanoUsd / 1e9).toFixed(2)}`;
}

/** `awaiting_approval` as a person would say it. */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}

/** How long something took: `2.5 s`, `4 min`, `3 h`, `2 days`. */
export function took(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** A share in whole percent. */
export function percent(share: number | null): string {
  return `${Math.round((share ?? 0) * 100)} %`;
}
