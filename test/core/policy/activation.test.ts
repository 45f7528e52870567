import { describe, expect, it } from 'vitest';
import { activation } from '#core/policy/activation.ts';
import { defaultPolicy } from '#core/policy/default.ts';
import { activePolicy } from '#core/policy/policy.ts';
import { readPolicy } from '#core/policy/read.ts';

const TEXT = `version: 1
tenant: acme
default: { mode: require_approval, risk: high, approval: leads }
approvals: { leads: { groups: [eng-leads], ttl: 4h } }
rules: [{ id: read, action: repo.read, risk: low, mode: auto }]
`;
const hash = readPolicy(TEXT).active?.hash ?? '';
const now = { active: activePolicy(defaultPolicy('acme'), 6), groups: { 'eng-leads': ['anna', 'ben'] } };

describe('an update of the policy', () => {
  it('takes the place of the one it was made against', () => {
    expect(activation({ replaces: 6, text: TEXT, hash }, now)).toMatchObject({
      ...{ replaces: 6, text: TEXT, document: { tenant: 'acme' } },
      next: { version: 7, hash },
    });
  });

  it.each([
    ['another came meanwhile', { replaces: 5 }, 'Conflict', /Version 6 of the policy is active/],
    ['it is not what was hashed', { hash: `sha256:${'0'.repeat(64)}` }, 'Invalid', /it is sha256:/],
    [
      'it is wrong',
      { text: TEXT.replace('auto', 'atuo') },
      'Invalid',
      /5:57 rules\[0\].mode "atuo" is not known; did you mean auto/,
    ],
    ['too few could agree', { text: TEXT.replace('eng-leads', 'nobody') }, 'Invalid', /it could never pass/],
  ])('is refused when %s', (_, change, code, message) => {
    const update = () => activation({ replaces: 6, text: TEXT, hash, ...change }, now);

    expect(update).toThrow(expect.objectContaining({ code }));
    expect(update).toThrow(message);
  });
});
