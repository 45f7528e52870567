import { describe, expect, it } from 'vitest';
import type { Approval } from '#core/approvals/approval.ts';
import { asksForMore, waysFor } from '#core/approvals/stands.ts';
import { evaluate } from '#core/policy/evaluate.ts';
import type { PolicyDocument } from '#core/policy/policy.ts';
import { active, measured } from '../../support/policies.ts';

type Terms = PolicyDocument['approvals'][string];

const LEADS: Terms = {
  ...{ groups: ['eng-leads'], quorum: 2, ttl: '4h' },
  escalate: [{ after: '1h', groups: ['directors'] }],
};

const judged = (terms: Partial<Terms> = {}, rule: Partial<PolicyDocument['rules'][number]> = {}) =>
  evaluate(
    active({
      ...{
        version: 1,
        tenant: 'acme',
        default: { mode: 'require_approval', risk: 'high', approval: 'leads' },
      },
      approvals: { leads: { ...LEADS, ...terms } },
      rules: [
        {
          id: 'read',
          action: 'repo.read',
          risk: 'medium',
          mode: 'require_approval',
          approval: 'leads',
          ...rule,
        },
      ],
    }),
    measured({ type: 'repo.read' }),
  );

/** A question as it stands, by the policy of then; only what policy says of it. */
function asked(
  { mode, risk, approval }: ReturnType<typeof judged>,
  change: Partial<Approval> = {},
): Approval {
  const terms = { groups: approval?.groups, quorum: approval?.quorum };
  return { mode, risk, ...terms, auths: waysFor(risk, approval), ...change } as Approval;
}

describe('T37: a policy asks for more than was asked', () => {
  it.each([
    ['to deny', {}, { mode: 'deny', approval: undefined }],
    ['at a higher risk', {}, { risk: 'high' }],
    ['with a larger quorum', { quorum: 3 }, {}],
    ['of other people', { groups: ['finance'] }, {}],
    ['with a passkey', { step_up: 'passkey' }, {}],
    ['no longer by mail', { channels: ['web', 'slack'] }, {}],
    ['no longer in Slack', { channels: ['web', 'email'] }, {}],
  ] as const)('%s', (_, terms, rule) => {
    expect(asksForMore(judged(terms as Partial<Terms>, rule), asked(judged()))).toBe(true);
  });

  it.each([
    ['the same', {}, {}],
    ['nothing at all', {}, { mode: 'auto', approval: undefined }],
    ['whoever asked', { quorum: 1 }, { mode: 'ask' }],
    ['at a lower risk', {}, { risk: 'low' }],
    ['a smaller quorum', { quorum: 1 }, {}],
    ['more people', { groups: ['eng-leads', 'finance'] }, {}],
  ] as const)('but not by asking %s', (_, terms, rule) => {
    expect(asksForMore(judged(terms as Partial<Terms>, rule), asked(judged()))).toBe(false);
  });

  it('but not because more people were asked meanwhile, as it says', () => {
    expect(asksForMore(judged(), asked(judged(), { groups: ['eng-leads', 'directors'] }))).toBe(false);
    expect(
      asksForMore(judged({ escalate: [] }), asked(judged(), { groups: ['eng-leads', 'directors'] })),
    ).toBe(true);
  });
});
