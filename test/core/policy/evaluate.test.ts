import { describe, expect, it } from 'vitest';
import { defaultPolicy } from '#core/policy/default.ts';
import { evaluate } from '#core/policy/evaluate.ts';
import type { PolicyDocument } from '#core/policy/policy.ts';
import { active, measured } from '../../support/policies.ts';

const base: PolicyDocument = {
  version: 1,
  tenant: 'acme',
  default: { mode: 'require_approval', risk: 'high', approval: 'leads' },
  approvals: {
    owner: { groups: ['requesters'], self_approval: true, ttl: '1h' },
    leads: {
      ...{ groups: ['eng-leads'], ttl: '4h', remind: ['30m', '2h'] },
      escalate: [{ after: '3h', groups: ['eng-directors'] }],
    },
    money: { groups: ['finance'], quorum: 2, channels: ['web'], step_up: 'passkey', ttl: '24h' },
  },
  rules: [
    { id: 'read', action: 'repo.read', risk: 'low', mode: 'auto' },
    {
      ...{ id: 'post', action: 'slack.post_message', risk: 'medium', mode: 'ask', approval: 'owner' },
      limits: { channel_members: 50, external: false, pii: 'masked' },
      ...{ over_limit: 'require_approval', over_approval: 'leads' },
    },
    { id: 'mail', action: 'email.*', risk: 'low', mode: 'auto', modifiable: ['/subject', '/nonsense'] },
  ],
};

const judged = (type: string, facts = {}, more: Partial<PolicyDocument> = {}) =>
  evaluate(active({ ...base, ...more }), measured({ type, facts }));

const fine = { channel_members: 50, external: false, pii: 'masked' };

describe('limits', () => {
  it('are held up to the limit itself', () => {
    expect(judged('slack.post_message', fine)).toMatchObject({ mode: 'ask', over: [], rules: ['post'] });
  });

  it.each([
    ['channel_members', 51],
    ['channel_members', undefined],
    ['channel_members', Number.NaN],
    ['channel_members', -1],
    ['channel_members', Number.POSITIVE_INFINITY],
    ['channel_members', '3'],
    ['channel_members', null],
    ['external', true],
    ['external', 0],
    ['pii', 'raw'],
    ['pii', 'nothing'],
    ['pii', 0],
  ])('are exceeded by %s of %j', (fact, value) => {
    const judgement = judged('slack.post_message', { ...fine, [fact]: value });

    expect(judgement).toMatchObject({ mode: 'require_approval', over: [{ fact }] });
    expect(judgement.approval?.groups).toEqual(['eng-leads']);
  });

  it('say what was measured and what was allowed', () => {
    const { over } = judged('slack.post_message', { channel_members: 2000, pii: 'raw' });

    expect(over).toEqual([
      { fact: 'channel_members', value: '2000', limit: '50' },
      { fact: 'external', value: 'unknown', limit: 'false' },
      { fact: 'pii', value: 'raw', limit: 'masked' },
    ]);
  });

  it('of a fact that only a prototype has are exceeded', () => {
    const facts = Object.create({ ...fine });

    expect(judged('slack.post_message', facts).mode).toBe('require_approval');
  });
});

describe('several rules', () => {
  const both = (mode: 'auto' | 'require_approval' | 'deny') => ({
    rules: [
      {
        id: 'a',
        action: 'billing.refund',
        risk: 'low',
        mode: 'require_approval',
        approval: 'leads',
      } as const,
      { id: 'b', action: 'billing.*', risk: 'high', mode, approval: 'money' } as const,
    ],
  });

  it('ask the strictest one’s people, with the largest quorum and the shortest time', () => {
    expect(judged('billing.refund', {}, both('require_approval'))).toMatchObject({
      ...{ mode: 'require_approval', risk: 'high', rules: ['a', 'b'] },
      approval: {
        groups: ['finance'],
        quorum: 2,
        channels: ['web'],
        stepUp: 'passkey',
        ttlSeconds: 4 * 3600,
      },
    });
  });

  it('let the requester agree only where each of them does', () => {
    const twice = (approval: string): PolicyDocument['rules'] => [
      { id: 'a', action: 'repo.read', risk: 'high', mode: 'ask', approval: 'owner' },
      { id: 'b', action: 'repo.read', risk: 'low', mode: 'ask', approval },
    ];

    expect(judged('repo.read', {}, { rules: twice('owner') }).approval?.selfApproval).toBe(true);
    expect(judged('repo.read', {}, { rules: twice('leads') }).approval?.selfApproval).toBe(false);
  });

  it('deny when one denies, and ask nobody', () => {
    const judgement = judged('billing.refund', {}, both('deny'));

    expect(judgement).toMatchObject({ mode: 'deny', rules: ['b'] });
    expect(judgement.approval).toBeUndefined();
  });

  it('never let high risk through without people', () => {
    expect(judged('billing.refund', {}, { rules: both('auto').rules.slice(1) })).toMatchObject({
      ...{ mode: 'require_approval', risk: 'high', rules: ['b'] },
      approval: { groups: ['eng-leads'] },
    });
  });

  it('leave out reminders and escalations after the end', () => {
    const quick = { groups: ['finance'], ttl: '1h' };
    const rules = [
      { id: 'a', action: 'repo.read', risk: 'high', mode: 'require_approval', approval: 'leads' } as const,
      { id: 'b', action: 'repo.read', risk: 'low', mode: 'require_approval', approval: 'quick' } as const,
    ];
    const { approval } = judged('repo.read', {}, { rules, approvals: { ...base.approvals, quick } });

    expect(approval).toMatchObject({ ttlSeconds: 3600, remindSeconds: [1800], escalate: [] });
  });
});

describe('a family', () => {
  it('covers its members and nothing that only begins like them', () => {
    expect(judged('email.send')).toMatchObject({ mode: 'auto', rules: ['mail'] });
    expect(judged('emails.send').rules).toEqual(['default', 'platform.unknown_action']);
    expect(judged('email').rules).toEqual(['default', 'platform.unknown_action']);
  });

  it('lets be changed what the action type lets be changed', () => {
    expect(judged('email.send').modifiable).toEqual(['/subject']);
  });
});

describe('the platform', () => {
  it('has people decide about what it does not know', () => {
    const rules = [{ id: 'crm', action: 'crm.*', risk: 'low', mode: 'auto' } as const];

    expect(judged('crm.delete', {}, { rules })).toMatchObject({ mode: 'require_approval', risk: 'high' });
  });

  it.each([
    [50, 'require_approval', 2, false],
    [3, 'require_approval', 2, false],
    [2, 'require_approval', 1, false],
    [1, 'ask', 1, true],
  ])('has a policy of %i people changed by %s, %i of them', (people, mode, quorum, selfApproval) => {
    const rules = [{ id: 'own', action: 'policy.update', risk: 'low', mode: 'auto' } as const];
    const judgement = evaluate(active({ ...base, rules }), measured({ type: 'policy.update', people }));

    expect(judgement).toMatchObject({
      mode,
      risk: 'high',
      approval: { quorum, selfApproval, stepUp: 'passkey' },
    });
  });

  it('lets a declared risk only raise it', () => {
    const risk = (declaredRisk: 'low' | 'high') =>
      evaluate(active(base), measured({ type: 'slack.post_message', facts: fine, declaredRisk })).risk;

    expect([risk('low'), risk('high')]).toEqual(['medium', 'high']);
  });
});

describe('budgets', () => {
  const budgets = [{ metric: 'cost_usd', window: '1d', limit: 50, over: 'require_approval' as const }];
  const rules: PolicyDocument['rules'] = [
    {
      id: 'pr',
      action: 'repo.open_pr',
      risk: 'low',
      mode: 'auto',
      limits: { cost_usd: 5 },
      over_limit: 'deny',
    },
    { id: 'read', action: 'repo.read', risk: 'low', mode: 'auto' },
  ];
  const at = (type: string, spent: Record<string, number>) =>
    evaluate(active({ ...base, rules, budgets }), measured({ type, facts: { cost_usd: 4.99 }, spent }));

  it('stop the eleventh of many small sums', () => {
    const modes = Array.from(
      { length: 11 },
      (_, done) => at('repo.open_pr', { cost_usd_24h: done * 4.99 }).mode,
    );

    expect(modes).toEqual([...Array(10).fill('auto'), 'require_approval']);
  });

  it('are gone beyond when what was spent is not known', () => {
    expect(at('repo.open_pr', {})).toMatchObject({
      ...{ mode: 'require_approval', rules: ['budget.cost_usd_24h'] },
      over: [{ fact: 'cost_usd_24h', value: 'unknown', limit: '50' }],
    });
  });

  it('are gone beyond by a kind of action that nobody knows', () => {
    expect(at('crm.delete', {}).rules).toContain('budget.cost_usd_24h');
  });

  it('do not stop what costs nothing', () => {
    expect(at('repo.read', { cost_usd_24h: 1000 }).mode).toBe('auto');
  });
});

it('has a default that asks the project’s approvers about code, within 72 hours', () => {
  const policy = active(defaultPolicy('acme'));

  expect(evaluate(policy, measured({ type: 'change_code' }))).toEqual({
    ...{ mode: 'require_approval', risk: 'medium', rules: ['change_code'], over: [], modifiable: [] },
    approval: {
      ...{
        groups: ['project-approvers'],
        quorum: 1,
        selfApproval: false,
        channels: ['slack', 'email', 'web'],
      },
      ...{ stepUp: 'none', ttlSeconds: 72 * 3600, remindSeconds: [], escalate: [], hours: 'always' },
    },
    ...{ policyVersion: 1, policyHash: policy.hash },
  });
});

it('denies rather than ask nobody', () => {
  expect(judged('billing.refund', {}, { approvals: {} }).mode).toBe('deny');
});
