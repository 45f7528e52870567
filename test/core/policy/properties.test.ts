import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, type Measured } from '#core/policy/evaluate.ts';
import { floor } from '#core/policy/floor.ts';
import { looserIn, stricter } from '#core/policy/judgement.ts';
import { covers, type PolicyDocument } from '#core/policy/policy.ts';
import { actions, active, documents, rules } from '../../support/policies.ts';

const numRuns = process.env.SIGNALBOX_FULL ? 20_000 : 2_000;
const forAll = (check: (document: PolicyDocument, action: Measured) => void) =>
  fc.assert(fc.property(documents, actions, check), { numRuns });

/** Stricter opinions may ask other people: who they are is the strictest rule's to say. */
const loosened = (before: PolicyDocument, after: PolicyDocument, action: Measured) =>
  looserIn(evaluate(active(before), action), evaluate(active(after), action)).filter(
    (what) => what !== 'groups',
  );

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

        expect(loosened(document, more, action)).toEqual([]);
      }),
      { numRuns },
    );
  });

  it('is never looser by a fact less', () => {
    forAll((document, action) => {
      for (const gone of Object.keys(action.facts)) {
        const { [gone]: _, ...facts } = action.facts;
        const [before, after] = [action, { ...action, facts }].map((one) => evaluate(active(document), one));

        expect(looserIn(before as never, after as never).filter((what) => what !== 'groups')).toEqual([]);
      }
    });
  });

  it('is never looser by a higher declared risk', () => {
    forAll((document, action) => {
      const [before, after] = (['low', 'high'] as const).map((declaredRisk) =>
        evaluate(active(document), { ...action, declaredRisk }),
      );

      expect(looserIn(before as never, after as never).filter((what) => what !== 'groups')).toEqual([]);
    });
  });

  it('never goes below the platform’s floor', () => {
    forAll((document, action) => {
      const judgement = evaluate(active(document), action);
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

  it('asks people exactly when its mode says so', () => {
    forAll((document, action) => {
      const { mode, approval } = evaluate(active(document), action);

      expect(approval !== undefined).toBe(mode === 'ask' || mode === 'require_approval');
    });
  });
});

it('keeps the stricter of what was said and what is said now', () => {
  fc.assert(
    fc.property(documents, documents, actions, (pinned, current, action) => {
      const [then, now] = [evaluate(active(pinned), action), evaluate(active(current), action)];
      const both = stricter(then, now);

      expect(looserIn(then, both).filter((what) => what !== 'groups')).toEqual([]);
      expect(looserIn(now, both).filter((what) => what !== 'groups')).toEqual([]);
      expect({ ...stricter(now, then), policyHash: both.policyHash }).toEqual(both);
      expect(stricter(then, then)).toEqual(then);
    }),
    { numRuns },
  );
});
