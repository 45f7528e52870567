import { describe, expect, it } from 'vitest';
import { failureOf, kindOf } from '#core/queue/retry.ts';
import type { Failure } from '#core/tickets/ticket.ts';

const now = new Date('2026-11-20T10:00:00.000Z');

describe('a failure', () => {
  it.each([
    ['transient', ['Lambda.Unknown', 'TaskStopped', 'States.HeartbeatTimeout', 'ECS.AmazonECSException']],
    ['service', ['Unavailable', 'TooMany']],
    ['user', ['Invalid', 'NotFound', 'OverBudget', 'Unauthorized']],
    ['defect', ['TypeError', 'Error', 'States.Runtime']],
  ])('is %s by its name', (kind, names) => {
    expect(names.map(kindOf)).toEqual(names.map(() => kind));
  });

  it.each(['Invalid', 'TypeError'])('%s is not tried again, and is a dead letter at once', (error) => {
    expect(failureOf({ error, runId: 'r' }, undefined, { now, random: 0.5 })).toEqual({
      ...{ kind: kindOf(error), error, runId: 'r', attempts: 1, at: now.toISOString() },
    });
  });

  it.each([
    ['TaskStopped', [30, 60, 120]],
    ['Unavailable', [300, 600, 1_200, 2_400, 4_800, 7_200, 7_200]],
  ])('%s is tried again after waits that double up to a most, then is a dead letter', (error, most) => {
    const seconds: number[] = [];
    let failure: Failure | undefined;
    do {
      failure = failureOf({ error, runId: `${seconds.length}` }, failure, { now, random: 1 });
      if (failure.retryAt) seconds.push((Date.parse(failure.retryAt) - now.getTime()) / 1_000);
    } while (failure.retryAt && seconds.length < 20);

    expect(seconds).toEqual(most);
  });

  it('waits anything up to the longest, so that those who failed together do not come back together', () => {
    const at = (random: number) =>
      failureOf({ error: 'Unavailable', runId: 'r' }, undefined, { now, random }).retryAt;

    expect(at(0)).toBe(now.toISOString());
    expect(at(0.5)).toBe('2026-11-20T10:02:30.000Z');
  });
});
