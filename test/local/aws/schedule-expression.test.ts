import { describe, expect, it } from 'vitest';
import { schedule } from '#local/aws/schedule-expression.ts';

const at = (text: string) => Date.parse(text);

function runs(expression: string, after: string, timeZone?: string) {
  const next = schedule(expression, { anchor: at('2026-01-01T00:00:00Z'), timeZone });
  const time = next(at(after));
  return time === undefined ? undefined : new Date(time).toISOString().replace('.000Z', 'Z');
}

describe('a schedule expression', () => {
  it.each([
    ['rate(5 minutes)', '2026-01-01T00:07:00Z', '2026-01-01T00:10:00Z'],
    ['rate(1 hour)', '2026-01-01T01:00:00Z', '2026-01-01T02:00:00Z'],
    ['rate(1 day)', '2025-12-31T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['at(2026-06-01T12:00:00)', '2026-01-01T00:00:00Z', '2026-06-01T12:00:00Z'],
    ['at(2026-06-01T12:00:00)', '2026-06-01T12:00:00Z', undefined],
    ['cron(0 9 ? * MON *)', '2026-01-01T00:00:00Z', '2026-01-05T09:00:00Z'],
    ['cron(0 9 ? * 2 *)', '2026-01-01T00:00:00Z', '2026-01-05T09:00:00Z'],
    ['cron(0 9 ? * 1 *)', '2026-01-01T00:00:00Z', '2026-01-04T09:00:00Z'],
    ['cron(0 9 ? * 2-6 *)', '2026-01-03T00:00:00Z', '2026-01-05T09:00:00Z'],
    ['cron(0 9 ? * 3#2 *)', '2026-01-01T00:00:00Z', '2026-01-13T09:00:00Z'],
    ['cron(0/15 * * * ? *)', '2026-01-01T00:01:00Z', '2026-01-01T00:15:00Z'],
    ['cron(0 0 L * ? *)', '2026-02-01T00:00:00Z', '2026-02-28T00:00:00Z'],
    ['cron(0 0 1 1 ? 2028)', '2026-01-01T00:00:00Z', '2028-01-01T00:00:00Z'],
    ['cron(0 0 1 1 ? 2025)', '2026-01-01T00:00:00Z', undefined],
  ])('%s after %s runs at %s', (expression, after, expected) => {
    expect(runs(expression, after)).toBe(expected);
  });

  it('keeps the hour of its time zone over a change of the clocks', () => {
    const next = (after: string) => runs('cron(0 9 * * ? *)', after, 'Europe/Berlin');

    expect(next('2026-03-28T00:00:00Z')).toBe('2026-03-28T08:00:00Z');
    expect(next('2026-03-29T00:00:00Z')).toBe('2026-03-29T07:00:00Z');
    expect(runs('at(2026-07-01T09:00:00)', '2026-01-01T00:00:00Z', 'Europe/Berlin')).toBe(
      '2026-07-01T07:00:00Z',
    );
  });

  it.each([
    ['cron(0 9 * * MON *)', 'must be ?'],
    ['cron(0 9 ? * ? *)', 'must be ?'],
    ['cron(0 9 * * ?)', 'Invalid'],
    ['cron(61 9 * * ? *)', 'Invalid'],
    ['cron(0 9 15W * ? *)', 'W in day-of-month'],
    ['cron(0 9 ? * 6L *)', 'L in day-of-week'],
    ['rate(1 minutes)', 'Invalid'],
    ['rate(5 minute)', 'Invalid'],
    ['rate(0 minutes)', 'Invalid'],
    ['at(tomorrow)', 'Invalid'],
    ['every day', 'Invalid'],
  ])('refuses %s', (expression, message) => {
    expect(() => schedule(expression, { anchor: 0 })).toThrow(message);
  });
});
