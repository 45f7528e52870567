import { describe, expect, it } from 'vitest';
import { codeChangePolicy, judge } from '#core/approvals/policy.ts';
import { personId } from '#core/people/person.ts';

const asked = {
  org: 'acme',
  requester: 'agent:lead',
  approvers: ['Anna@acme.example', 'anna@ACME.example', 'ben@acme.example'],
};

describe('judge', () => {
  it('asks each person once, whatever the case of their address', () => {
    const judgement = judge(codeChangePolicy({}), asked);

    expect(judgement.mode === 'require_approval' && judgement.approvers.map(({ email }) => email)).toEqual([
      'anna@acme.example',
      'ben@acme.example',
    ]);
  });

  it('leaves out an approver whose own ticket it is', () => {
    const judgement = judge(codeChangePolicy({}), { ...asked, reporter: 'ANNA@acme.example' });

    expect(judgement).toMatchObject({
      mode: 'require_approval',
      approvers: [{ email: 'ben@acme.example' }],
      conflicts: ['agent:lead', personId('acme', 'anna@acme.example')],
    });
  });

  it('denies when that leaves nobody, and says what to do', () => {
    const judgement = judge(codeChangePolicy({}), { ...asked, approvers: ['a@b.co'], reporter: 'a@b.co' });

    expect(judgement).toMatchObject({
      mode: 'deny',
      reason: expect.stringContaining('add another approver'),
    });
  });

  it('asks an organization of one if it allows that', () => {
    const policy = codeChangePolicy({ selfApproval: true });

    expect(judge(policy, { ...asked, approvers: ['a@b.co'], reporter: 'a@b.co' })).toMatchObject({
      mode: 'require_approval',
    });
  });
});
