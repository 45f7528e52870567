import { describe, expect, it } from 'vitest';
import { against, type Step, verdictOf } from '#core/taps/step.ts';

const step = (id: string, verdict: Step['verdict'], more: Partial<Step> = {}): Step => ({
  ...{ id, title: id, isMandatory: true, verdict, detail: '', seconds: 0 },
  ...more,
});

describe('a verdict', () => {
  it.each<[Step[], string]>([
    [[step('T1', 'PASS'), step('T4', 'SKIP', { isMandatory: false })], 'verified'],
    [[step('T1', 'PASS'), step('T12', 'WARN', { isMandatory: false })], 'verified'],
    [[step('T1', 'PASS'), step('T9', 'SKIP')], 'unverified'],
    [[step('T1', 'PASS'), step('T9', 'INCONCLUSIVE')], 'unverified'],
    [[step('T1', 'PASS'), step('T9', 'WARN')], 'unverified'],
    [[step('T1', 'PASS'), step('T4', 'FAIL', { isMandatory: false })], 'failed'],
    [[step('T1', 'PASS'), step('T9', 'FAIL', { isPreExisting: true })], 'unverified'],
  ])('%#', (steps, expected) => {
    expect(verdictOf(steps)).toBe(expected);
  });
});

describe('against the commit before', () => {
  const before = [step('T9', 'FAIL', { class: 'AUTH', rule: 'http-401' })];

  it.each<[string, Step, object]>([
    [
      'the same failure was there',
      step('T9', 'FAIL', { class: 'AUTH', rule: 'http-401' }),
      { isPreExisting: true },
    ],
    ['another failure is new', step('T9', 'FAIL', { class: 'CODE_ERROR', rule: 'noise' }), {}],
    ['a pass is a mend', step('T9', 'PASS'), { isMended: true }],
    ['a step that did not fail is as it is', step('T5', 'PASS'), {}],
  ])('%s', (_, head, marks) => {
    expect(against(before, [head])).toEqual([{ ...head, ...marks }]);
  });
});
