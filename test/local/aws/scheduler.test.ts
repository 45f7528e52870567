import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Target } from '#local/aws/deliveries.ts';
import { type Scheduler, scheduler } from '#local/aws/scheduler.ts';
import { openStore, type Store } from '#local/store.ts';
import { type MovingClock, movingClock } from './moving-clock.ts';

describe('a schedule', () => {
  const HOUR = 3_600_000;
  const start = Date.parse('2026-01-01T00:30:00Z');
  let folder: string;
  let store: Store;
  let clock: MovingClock;
  let schedules: Scheduler;
  let delivered: { target: Target; event: unknown }[];
  let refusals: number;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-schedule-'));
    clock = movingClock(start);
    delivered = [];
    refusals = 0;
    open();
  });
  afterEach(() => {
    close();
    rmSync(folder, { recursive: true });
  });

  function open() {
    store = openStore(folder);
    schedules = scheduler(store, clock, async (target, event) => {
      delivered.push({ target, event });
      if (refusals > 0) {
        refusals -= 1;
        throw new Error('down');
      }
    });
  }
  function close() {
    schedules.stop();
    store.close();
  }
  const define = (properties: Record<string, unknown> = {}, target: Record<string, unknown> = {}) =>
    schedules.define('s', {
      ScheduleExpression: 'cron(0 * * * ? *)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: 'arn:f', RoleArn: 'arn:r', Input: '{"a":1}', ...target },
      ...properties,
    });

  it('runs at its times and tells the next', async () => {
    define();
    expect(schedules.next('s')).toBe(start + HOUR / 2);
    await clock.advance(2 * HOUR);

    expect(delivered).toMatchObject([{ target: { arn: 'arn:f' }, event: { a: 1 } }, { event: { a: 1 } }]);
    expect(schedules.next('s')).toBe(start + 2.5 * HOUR);
  });

  it('makes up for runs that a stop missed by one, and then keeps its times', async () => {
    define();
    close();
    await clock.advance(5 * HOUR);
    open();
    define();
    await clock.advance(0);
    expect(delivered).toHaveLength(1);
    await clock.advance(HOUR);
    expect(delivered).toHaveLength(2);
  });

  it('forgets its next time when it is defined otherwise', async () => {
    define();
    close();
    await clock.advance(5 * HOUR);
    open();
    define({ ScheduleExpression: 'cron(0 12 * * ? *)' });
    await clock.advance(0);

    expect(delivered).toEqual([]);
    expect(new Date(schedules.next('s') ?? 0).toISOString()).toBe('2026-01-01T12:00:00.000Z');
  });

  it('starts a rate with its definition, and runs at() once', async () => {
    define({ ScheduleExpression: 'rate(1 hour)' });
    await clock.advance(0);
    expect(delivered).toHaveLength(1);
    schedules.define('once', {
      ScheduleExpression: 'at(2026-01-01T02:00:00)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: 'arn:once' },
    });
    await clock.advance(HOUR);

    expect(delivered.map(({ target }) => target.arn)).toContain('arn:once');
    expect(schedules.next('once')).toBeUndefined();
  });

  it('delivers again what a stop interrupted', async () => {
    define();
    schedules.stop();
    store.close();
    store = openStore(folder);
    let arrived = 0;
    const stuck = scheduler(store, clock, () => {
      arrived += 1;
      return new Promise(() => {});
    });
    stuck.define('s', { FlexibleTimeWindow: { Mode: 'OFF' }, Target: { Arn: 'arn:f' }, State: 'DISABLED' });
    stuck.runNow('s');
    await clock.advance(0);
    expect(arrived).toBe(1);
    stuck.stop();
    store.close();
    open();
    await clock.advance(0);

    expect(delivered).toHaveLength(1);
  });

  it('tries again, then gives up to the dead-letter queue', async () => {
    refusals = 3;
    const DeadLetterConfig = { Arn: 'arn:dead' };
    define({}, { RetryPolicy: { MaximumRetryAttempts: 2 }, DeadLetterConfig });
    schedules.runNow('s');
    await clock.advance(10_000);

    expect(delivered.map(({ target }) => target.arn)).toEqual(['arn:f', 'arn:f', 'arn:f', 'arn:dead']);
    expect(delivered.at(-1)).toMatchObject({
      event: { a: 1 },
      target: { attributes: { ERROR_MESSAGE: 'down', RETRY_ATTEMPTS: '2', TARGET_ARN: 'arn:f' } },
    });
  });

  it('refuses by name what it does not do', () => {
    expect(() => define({ FlexibleTimeWindow: { Mode: 'FLEXIBLE' } })).toThrow('FlexibleTimeWindow FLEXIBLE');
    expect(() => define({ StartDate: 'now' })).toThrow('StartDate');
    expect(() => define({}, { EcsParameters: {} })).toThrow('EcsParameters');
  });
});
