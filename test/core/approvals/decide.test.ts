import { describe, expect, it } from 'vitest';
import { decided, ended, isRepeated, refusal, resumed } from '#core/approvals/decide.ts';
import { brokenAt } from '#core/ledger.ts';
import { ANNA, BEN, NOW, question, REPORTER, vote } from '../../support/approvals.ts';

const { step: first } = question();
const approval = first.next;
const HOUR = 3_600_000;

describe('refusal', () => {
  it('lets an approver decide on what they saw', () => {
    expect(refusal(approval, vote(approval), NOW)).toBeUndefined();
  });

  it.each([
    ['someone who was not asked', { by: 'p_stranger' }, 'not_eligible'],
    ['whoever filed the ticket', { by: REPORTER }, 'not_eligible'],
    ['the agent that asks', { by: 'agent:lead' }, 'not_eligible'],
    ['an older revision', { revision: 0 }, 'changed'],
    ['another payload', { payloadHash: 'sha256:00' }, 'changed'],
  ])('refuses %s', (_, change, error) => {
    expect(refusal(approval, vote(approval, change), NOW)).toMatchObject({ error });
  });

  it('keeps a conflict even for somebody on the list of approvers', () => {
    const both = { ...approval, conflicts: [...approval.conflicts, ANNA] };

    expect(refusal(both, vote(both), NOW)).toMatchObject({ error: 'not_eligible' });
  });

  it.each([
    [-1, undefined],
    [0, 'expired'],
    [1, 'expired'],
  ])('%i ms from the end answers %s', (offset, error) => {
    const at = new Date(Date.parse(approval.expiresAt) + offset);

    expect(refusal(approval, vote(approval), at)?.error).toBe(error);
  });

  it('names who was first, and takes the same from the same person again', () => {
    const anna = vote(approval);
    const { next } = decided(approval, anna, NOW.toISOString());

    expect(refusal(next, vote(next, { by: BEN }), NOW)).toMatchObject({ error: 'already_decided', by: ANNA });
    expect(isRepeated(next, vote(next))).toBe(true);
    expect(isRepeated(next, vote(next, { verdict: 'decline' }))).toBe(false);
    expect(isRepeated(next, vote(next, { by: BEN }))).toBe(false);
  });
});

describe('the chain', () => {
  const one = decided(approval, vote(approval, { reason: 'fine by me, Anna' }), NOW.toISOString());
  const two = resumed(one.next, NOW.toISOString());
  const chain = [first.sealed, one.sealed, two.sealed];

  it('is whole when nothing was touched', () => {
    expect(brokenAt(chain)).toBeUndefined();
  });

  it('holds no name, address or free text', () => {
    const text = chain.map((entry) => entry.text).join();

    expect(text).not.toMatch(/anna|fine by me|@/i);
  });

  it.each([
    [
      'an edited entry',
      chain.map((one) => ({ ...one, text: one.text.replace('approve', 'decline') })),
      'entry 2',
    ],
    ['a removed entry', [chain[0], chain[2]], 'entry 2'],
    ['a swapped order', [chain[1], chain[0], chain[2]], 'entry 1'],
  ])('shows %s', (_, entries, where) => {
    expect(brokenAt(entries as typeof chain)).toContain(where);
  });

  it('ends a question without a decision', () => {
    const { next } = ended(approval, 'EXPIRED', new Date(NOW.getTime() + HOUR).toISOString());

    expect(next).toMatchObject({ status: 'EXPIRED', resume: 'PENDING', version: 2 });
    expect(next.decision).toBeUndefined();
  });
});
