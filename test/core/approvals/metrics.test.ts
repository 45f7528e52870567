import { expect, it } from 'vitest';
import type { Approval } from '#core/approvals/approval.ts';
import { decided, ended } from '#core/approvals/decide.ts';
import { approvalMetrics } from '#core/approvals/metrics.ts';
import type { Question } from '#core/approvals/question.ts';
import { NOW, question, vote } from '../../support/approvals.ts';

const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1000).toISOString();
const asked = (change: Partial<Question> = {}) => question(change).step.next;

/** A request that Anna decided `seconds` after it was asked, on a page made at `shown`. */
function settled(seconds: number, { shown, ...change }: Partial<Approval> & { shown?: number } = {}) {
  const approval = { ...asked(), ...change };
  const shownAt = shown === undefined ? {} : { shownAt: at(shown) };
  return decided(approval, vote(approval, shownAt), at(seconds)).next;
}

const declined = (approval = asked()) =>
  decided(approval, vote(approval, { verdict: 'decline', reason: 'no' }), at(9)).next;

it('says nothing about nothing', () => {
  const { total, types } = approvalMetrics([]);

  expect(total).toMatchObject({
    asked: 0,
    overrideRate: null,
    latency: null,
    rubberStamps: { of: 0, share: null },
  });
  expect(types).toEqual([]);
});

it('takes half and nine of ten of the times of people alone', () => {
  const people = [10, 20, 30, 40, 50, 60, 70, 80, 90, 1000].map((seconds) => settled(seconds));
  const { total } = approvalMetrics([...people, asked({ mode: 'auto', requestedAt: at(0) })]);

  expect(total.latency).toEqual({ p50: 50_000, p90: 90_000, count: 10 });
  expect(total.modes).toEqual({ auto: 1, ask: 0, require_approval: 10, deny: 0 });
  expect(total).toMatchObject({ asked: 11, decided: 10, overrideRate: 0 });
});

it('counts a request as overridden that was declined, or changed before it was approved', () => {
  const all = [settled(5), settled(5, { revision: 2 }), declined(), declined(asked({ revision: 2 }))];

  expect(approvalMetrics(all).total).toMatchObject({
    decided: 4,
    declined: 2,
    modified: 2,
    overrideRate: 0.75,
  });
});

it('takes fast approvals at medium and high risk for rubber stamps, by the page that was pressed', () => {
  const { total } = approvalMetrics([
    settled(102, { shown: 100, firstViewedAt: at(1) }),
    settled(110, { shown: 100 }),
    settled(102, { shown: 100, risk: 'low' }),
    settled(104, { firstViewedAt: at(100) }),
    settled(102),
    declined(),
  ]);

  expect(total.rubberStamps).toEqual({ of: 3, share: 1 / 3 });
  expect(total.thought).toEqual({ p50: 2_000, p90: 10_000, count: 4 });
});

it('knows what nobody saw from what nobody decided', () => {
  const expire = (change: Partial<Approval>) => ended({ ...asked(), ...change }, 'EXPIRED', at(3600)).next;
  const { total } = approvalMetrics([
    expire({}),
    expire({ firstViewedAt: at(7) }),
    ended({ ...asked(), firstViewedAt: at(9) }, 'CANCELLED', at(60)).next,
    { ...asked(), firstViewedAt: at(8), rejections: ['p_1 wrong_approver', 'p_2 wrong_code'] },
  ]);

  expect(total).toMatchObject({ expired: 2, expiredUnseen: 1, viewedUndecided: 2, rejectedAttempts: 2 });
  expect(total.untilViewed).toEqual({ p50: 8_000, p90: 9_000, count: 3 });
});

it('measures each type of action, the most asked first', () => {
  const { types } = approvalMetrics([asked({ type: 'b' }), asked({ type: 'a' }), asked({ type: 'a' })]);

  expect(types.map(({ type, asked }) => [type, asked])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
});
