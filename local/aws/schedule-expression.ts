import { Cron } from 'croner';
import { AwsError, refuse } from './service.ts';

/** The first run after a moment, in epoch milliseconds; undefined when there is none any more. */
export type Schedule = (after: number) => number | undefined;

interface Options {
  /** Where a rate is counted from, in epoch milliseconds. */
  anchor: number;
  timeZone?: string;
}

const UNITS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** AWS's `at(…)`, `rate(…)` and `cron(…)` with six fields. */
export function schedule(expression: string, { anchor, timeZone = 'UTC' }: Options): Schedule {
  const [, kind, text = ''] = /^(at|rate|cron)\((.*)\)$/.exec(expression) ?? [];
  if (kind === 'at') return at(text, timeZone);
  if (kind === 'rate') return rate(text, anchor);
  if (kind === 'cron') return cron(text, timeZone);
  return invalid(expression);
}

function at(text: string, timezone: string): Schedule {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) invalid(`at(${text})`);
  const time = new Cron(text, { timezone, paused: true }).getOnce()?.getTime() ?? invalid(`at(${text})`);
  return (after) => (time > after ? time : undefined);
}

function rate(text: string, anchor: number): Schedule {
  const [, count, unit = '', plural] = /^([1-9]\d*) (minute|hour|day)(s?)$/.exec(text) ?? [];
  if (!count || (count === '1') !== !plural) invalid(`rate(${text})`);
  const period = Number(count) * (UNITS[unit] as number);
  return (after) => anchor + Math.max(0, Math.floor((after - anchor) / period) + 1) * period;
}

function cron(text: string, timezone: string): Schedule {
  const [minute, hour, day, month, weekday, year, ...rest] = text.trim().split(/\s+/);
  if (!(minute && hour && day && month && weekday && year) || rest.length > 0)
    return invalid(`cron(${text})`);
  if ((day === '?') === (weekday === '?'))
    invalid(`cron(${text}): one of day-of-month and day-of-week must be ?`);
  if (/W/.test(day)) refuse(`cron(${text}): W in day-of-month`);
  if (/L/.test(weekday)) refuse(`cron(${text}): L in day-of-week`);
  const fields = ['0', minute, hour, day.replace('?', '*'), month, weekdays(weekday), year];
  const job = parsed(fields.join(' '), timezone, text);
  return (after) => job.nextRun(new Date(after))?.getTime();
}

/** AWS counts weekdays from 1, Sunday; elsewhere Sunday is 0. What follows `#` or `/` is no weekday. */
function weekdays(field: string): string {
  return field.replace('?', '*').replace(/(?<![#/\d])[1-7](?!\d)/g, (day) => String(Number(day) - 1));
}

function parsed(pattern: string, timezone: string, text: string): Cron {
  try {
    return new Cron(pattern, { timezone, mode: '7-part', paused: true, sloppyRanges: true }); // AWS writes 0/15
  } catch {
    return invalid(`cron(${text})`);
  }
}

function invalid(expression: string): never {
  throw new AwsError('ValidationException', `Invalid Schedule Expression ${expression}.`);
}
