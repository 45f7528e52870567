const OPENS = 9;
const CLOSES = 17;
const HOUR = 3_600_000;
const WEEKEND = ['Sat', 'Sun'];

/**
 * The first moment from `at` on that is between 9 and 17 from Monday to Friday in an IANA time zone. Goes on by the
 * hour, so that no change of the clocks is calculated here. Holidays are not known.
 */
export function atWork(at: Date, zone: string): Date {
  const local = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: 'numeric',
    hourCycle: 'h23',
  });
  let moment = at;
  while (!isOpen(local, moment)) moment = new Date(Math.floor(moment.getTime() / HOUR + 1) * HOUR);
  return moment;
}

function isOpen(local: Intl.DateTimeFormat, moment: Date): boolean {
  const parts = Object.fromEntries(local.formatToParts(moment).map(({ type, value }) => [type, value]));
  const hour = Number(parts.hour);
  return !WEEKEND.includes(parts.weekday ?? '') && hour >= OPENS && hour < CLOSES;
}
