import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { evaluate, type Measured } from '#core/policy/evaluate.ts';
import { floor } from '#core/policy/floor.ts';
import { looserIn, type Opinion } from '#core/policy/judgement.ts';
import { type ActivePolicy, covers } from '#core/policy/policy.ts';
import { actions, active, documents, rules } from '../../support/policies.ts';

const numRuns = process.env.SIGNALBOX_FULL ? 20_000 : 2_000;
const forAll = (check: (policy: ActivePolicy, action: Measured) => void) =>
  fc.assert(fc.property(documents.map(active), actions, check), { numRuns });

/** Stricter opinions may ask other people: who they are is the strictest rule's to say. */
const loosened = (before: Opinion, after: Opinion) =>
  looserIn(before, after).filter((what) => what !== 'groups');

vi.setConfig({ testTimeout: 300_000 });

describe('any policy', () => {
  it('says the same in any order', () => {
    fc.assert(
      fc.property(documents, actions, fc.infiniteStream(fc.nat()), (document, action, keys) => {
        const shuffled = <T>(all: readonly T[] = []) =>
          all
            .map((one) => ({ one, key: keys.next().value }))
            .toSorted((a, b) => a.key - b.key)
            .map(({ one }) => one);
        const other = { ...document, rules: shuffled(document.rules), budgets: shuffled(document.budgets) };

        const { policyHash: _, ...before } = evaluate(active(document), action);

        expect(evaluate(active(other), action)).toMatchObject(before);
      }),
      { numRuns },
    );
  });

  it('is never looser by one rule more', () => {
    fc.assert(
      fc.property(documents, actions, rules, (document, action, rule) => {
        fc.pre(document.rules.some((one) => covers(one.action, action.type)));
        const more = { ...document, rules: [...document.rules, { ...rule, id: 'more' }] };

        expect(loosened(evaluate(active(document), action), evaluate(active(more), action))).toEqual([]);
      }),
      { numRuns },
    );
  });

  it('is never looser by a fact less', () => {
    forAll((policy, action) => {
      const before = evaluate(policy, action);
      for (const gone of Object.keys(action.facts)) {
        const { [gone]: _, ...facts } = action.facts;

        expect(loosened(before, evaluate(policy, { ...action, facts }))).toEqual([]);
      }
    });
  });

  it('is never looser by a higher declared risk', () => {
    forAll((policy, action) => {
      const declared = (declaredRisk: 'low' | 'high') => evaluate(policy, { ...action, declaredRisk });

      expect(loosened(declared('low'), declared('high'))).toEqual([]);
    });
  });

  it('never goes below the platform’s floor', () => {
    forAll((policy, action) => {
      const judgement = evaluate(policy, action);
      const standing = floor(action.people).find((one) => one.action === action.type);

      expect([judgement.mode, judgement.risk]).not.toEqual(['auto', 'high']);
      if (action.type === 'crm.delete') expect(['require_approval', 'deny']).toContain(judgement.mode);
      if (standing && judgement.mode !== 'deny') {
        expect(judgement.risk).toBe('high');
        expect(judgement.approval?.quorum).toBeGreaterThanOrEqual(standing.approval.quorum);
        expect(judgement.approval?.stepUp).toBe('passkey');
      }
      if (judgement.mode === 'require_approval') expect(judgement.approval?.selfApproval).toBe(false);
    });
  });

  it('lets nothing happen without people, and is never looser, while it is frozen', () => {
    forAll((policy, action) => {
      const frozen = evaluate({ ...policy, frozenAt: '2026-11-21T00:00:00.000Z' }, action);

      expect(['require_approval', 'deny']).toContain(frozen.mode);
      expect(loosened(evaluate(policy, action), frozen)).toEqual([]);
    });
  });

  it('asks people exactly when its mode says so', () => {
    forAll((policy, action) => {
      const { mode, approval } = evaluate(policy, action);

      expect(approval !== undefined).toBe(mode === 'ask' || mode === 'require_approval');
    });
  });
});
