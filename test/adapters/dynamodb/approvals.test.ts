import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, resumed } from '#core/approvals/decide.ts';
import { blocked } from '#core/approvals/execute.ts';
import { canonical, hashOf } from '#core/canonical.ts';
import { brokenAt } from '#core/ledger.ts';
import { personId } from '#core/people/person.ts';
import {
  ANNA,
  approvals,
  asked,
  BEN,
  handClock,
  links,
  NOW,
  ORG,
  question,
  REPORTER,
  vote,
} from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

async function store(change = {}) {
  const { step, text } = question(change);
  return approvals.propose(step, text);
}

const decided = async (id: string) =>
  (await approvals.ledger(ORG, id)).filter(({ text }) => text.includes('"DECIDED"'));

describe('propose', () => {
  it('asks once, and keeps the bytes that the hash is over', async () => {
    const { step, text } = question();
    const first = await approvals.propose(step, text);
    const other = question({ id: first.id, runId: first.runId, headline: 'Something else' });
    const second = await approvals.propose(other.step, canonical({ other: true }));
    const bytes = await approvals.payload(ORG, first.id, 1);

    expect(second).toEqual(first);
    expect(hashOf(bytes ?? '')).toBe(first.payloadHash);
    expect(await approvals.ledger(ORG, first.id)).toHaveLength(1);
    expect((await approvals.inbox(ORG)).map(({ id }) => id)).toContain(first.id);
  });

  it('keeps organizations apart', async () => {
    const { id } = await store();

    expect(await approvals.find('other', id)).toBeUndefined();
    expect(await approvals.inbox('other')).toEqual([]);
    await expect(approvals.decide('other', id, vote(await store()), NOW)).rejects.toThrow('no such approval');
  });
});

describe('decide', () => {
  it('settles it with its vote and its entry, and takes it out of the inbox', async () => {
    const approval = await store();
    const outcome = await approvals.decide(ORG, approval.id, vote(approval), NOW);

    expect(outcome).toMatchObject({ repeated: false, approval: { status: 'APPROVED', resume: 'PENDING' } });
    expect(await approvals.find(ORG, approval.id)).toEqual(outcome.approval);
    expect(brokenAt(await approvals.ledger(ORG, approval.id))).toBeUndefined();
    expect((await approvals.inbox(ORG)).map(({ id }) => id)).not.toContain(approval.id);
    expect((await approvals.unheard()).map(({ id }) => id)).toContain(approval.id);
  });

  it('lets a hundred people press at once, and one of them decide', async () => {
    const people = Array.from({ length: 100 }, (_, at) => `person${at}@acme.example`);
    const approvers = people.map((email) => ({ id: personId(ORG, email), email }));
    const approval = await store({ approvers });
    const outcomes = await Promise.all(
      approvers.map(({ id }, at) =>
        approvals.decide(
          ORG,
          approval.id,
          vote(approval, { by: id, verdict: at % 2 ? 'approve' : 'decline' }),
          NOW,
        ),
      ),
    );
    const winners = outcomes.filter(({ refusal }) => !refusal);
    const stored = await approvals.find(ORG, approval.id);

    expect(winners).toHaveLength(1);
    expect(stored).toEqual(winners[0]?.approval);
    expect(await decided(approval.id)).toHaveLength(1);
    for (const { refusal } of outcomes) {
      if (refusal) expect(refusal).toMatchObject({ error: 'already_decided', by: stored?.decision?.by });
    }
  });

  it('answers the same person pressing twenty times at once with one decision', async () => {
    const approval = await store();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => approvals.decide(ORG, approval.id, vote(approval), NOW)),
    );

    expect(new Set(outcomes.map((one) => one.approval.decision?.id)).size).toBe(1);
    expect(outcomes.filter(({ refusal }) => refusal)).toEqual([]);
    expect(await decided(approval.id)).toHaveLength(1);
  });

  it.each([
    ['whoever filed the ticket', { by: REPORTER }, 'not_eligible'],
    ['a stranger', { by: 'p_stranger' }, 'not_eligible'],
    ['a stale revision', { revision: 2 }, 'changed'],
    ['another payload', { payloadHash: hashOf('other') }, 'changed'],
  ])('refuses %s and changes nothing', async (_, change, error) => {
    const approval = await store();
    const { refusal } = await approvals.decide(ORG, approval.id, vote(approval, change), NOW);

    expect(refusal).toMatchObject({ error });
    expect(await approvals.find(ORG, approval.id)).toEqual(approval);
    expect(await approvals.ledger(ORG, approval.id)).toHaveLength(1);
  });

  it.each([
    [-1, 'APPROVED'],
    [0, 'PENDING'],
    [1, 'PENDING'],
  ])('%i ms from the end leaves it %s', async (offset, status) => {
    const approval = await store();
    const at = new Date(Date.parse(approval.expiresAt) + offset);
    await approvals.decide(ORG, approval.id, vote(approval), at);

    expect(await approvals.find(ORG, approval.id)).toMatchObject({ status });
  });

  it('lets a decision or the end of time win, never both', async () => {
    for (let round = 0; round < 10; round += 1) {
      const approval = await store();
      const [outcome, hasEnded] = await Promise.all([
        approvals.decide(ORG, approval.id, vote(approval), NOW),
        approvals.take(approval, ended(approval, 'EXPIRED', NOW.toISOString())),
      ]);
      const stored = await approvals.find(ORG, approval.id);

      expect(stored?.status).toBe(hasEnded ? 'EXPIRED' : 'APPROVED');
      expect(outcome.refusal !== undefined).toBe(hasEnded);
      expect(await approvals.ledger(ORG, approval.id)).toHaveLength(2);
    }
  });
});

describe('a link', () => {
  const clock = handClock();
  const byLink = (hash: string) => ({ linkHash: hash, channel: 'email', auth: 'code' }) as const;

  it('decides once', async () => {
    const { approval, hash } = await asked(clock);
    await approvals.decide(ORG, approval.id, vote(approval, byLink(hash)), NOW);

    expect(await links.find(ORG, hash)).toMatchObject({ usedAt: NOW.toISOString() });
  });

  it.each([
    ['revoked', async (hash: string) => links.revoke(ORG, hash, NOW.toISOString())],
    ['of another request', async () => undefined, async () => (await asked(clock)).hash],
    ['never sent', async () => undefined, async () => 'f'.repeat(64)],
  ])('that is %s decides nothing', async (_, spoil, other?) => {
    const { approval, hash } = await asked(clock);
    await spoil(hash);
    const used = other ? await other() : hash;
    const { refusal } = await approvals.decide(ORG, approval.id, vote(approval, byLink(used)), NOW);

    expect(refusal).toMatchObject({ error: 'link_revoked' });
    expect(await approvals.find(ORG, approval.id)).toEqual(approval);
  });

  it('of one approver is worth nothing to another', async () => {
    const { approval, hash } = await asked(clock);
    const { refusal } = await approvals.decide(
      ORG,
      approval.id,
      vote(approval, { ...byLink(hash), by: BEN }),
      NOW,
    );

    expect(refusal).toMatchObject({ error: 'link_revoked' });
    expect(await approvals.find(ORG, approval.id)).toEqual(approval);
  });

  it('on a form that was used for something else decides nothing', async () => {
    const [one, two] = [await asked(clock), await asked(clock)];
    await approvals.decide(ORG, one.approval.id, vote(one.approval, { formHash: 'form' }), NOW);
    const { refusal } = await approvals.decide(
      ORG,
      two.approval.id,
      vote(two.approval, { formHash: 'form' }),
      NOW,
    );

    expect(refusal).toMatchObject({ error: 'form_used' });
    expect(await approvals.find(ORG, two.approval.id)).toEqual(two.approval);
  });
});

describe('take', () => {
  it('writes a step once, and none that saw an older state', async () => {
    const approval = await store();
    const { approval: settled } = await approvals.decide(ORG, approval.id, vote(approval, { by: ANNA }), NOW);
    const at = NOW.toISOString();

    expect(await approvals.take(approval, ended(approval, 'CANCELLED', at))).toBe(false);
    expect(await approvals.take(settled, resumed(settled, at))).toBe(true);
    expect(await approvals.take(settled, blocked(settled, 'facts', at))).toBe(false);
    expect((await approvals.unheard()).map(({ id }) => id)).not.toContain(approval.id);
    expect(brokenAt(await approvals.ledger(ORG, approval.id))).toBeUndefined();
  });
});
