import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Approval } from '#core/approvals/approval.ts';
import type { Vote } from '#core/approvals/decide.ts';
import { brokenAt } from '#core/ledger.ts';
import { personId } from '#core/people/person.ts';
import type { Principal } from '#core/people/principal.ts';
import { approvalApi } from '#functions/http/approval-api.ts';
import { ANNA, approvals, asking, NOW, ORG, question, vote } from '../support/approvals.ts';
import { type LocalAws, localAws } from '../support/aws.ts';
import { send } from '../support/request.ts';
import { revised } from './revise.ts';

const isFull = Boolean(process.env.SIGNALBOX_FULL);
const ROUNDS = isFull ? 200 : 5;
const CROWD = 100;

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

async function store(change = {}): Promise<Approval> {
  const { step, text } = question(change);
  return approvals.propose(step, text);
}

const crowd = Array.from({ length: CROWD }, (_, at) => `person${at}@acme.example`).map((email) => ({
  id: personId(ORG, email),
  email,
}));

interface Answered {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: as it comes over the wire
  body: any;
}

/** Decides over the API as somebody who is signed in. */
async function over(approval: Approval, by: string, decision: 'approve' | 'decline'): Promise<Answered> {
  const principal: Principal = { via: 'session', org: ORG, id: by, email: '', name: '', roles: ['viewer'] };
  const needs = asking({ now: () => NOW });
  const route = approvalApi({ ...needs, principalOf: async () => principal });
  const { revision, payloadHash: payload_hash } = approval;
  const body = JSON.stringify({ decision, revision, payload_hash, reason: 'because' });
  const answer = await send(route, { method: 'POST', path: '/', id: approval.id, body });
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
}

async function types({ id }: Approval): Promise<string[]> {
  const ledger = await approvals.ledger(ORG, id);
  expect(brokenAt(ledger)).toBeUndefined();
  return ledger.map(({ text }) => JSON.parse(text).type);
}

describe('T21: a hundred approvers who press at once', () => {
  it(`settle it once, and every loser hears who won, ${ROUNDS} times`, { timeout: 1_200_000 }, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const approval = await store({ approvers: crowd });
      const answers = await Promise.all(
        crowd.map(({ id }, at) => over(approval, id, (at + round) % 2 ? 'approve' : 'decline')),
      );
      const { status, decision, decidedAt } = (await approvals.find(ORG, approval.id)) as Approval;
      const winner = crowd.find(({ id }) => id === decision?.by)?.email;
      const losers = answers.filter(({ status }) => status !== 200);

      expect(answers.filter((one) => one.status === 200)).toHaveLength(1);
      expect(await types(approval)).toEqual(['PROPOSED', 'DECIDED']);
      for (const { status: code, body } of losers) {
        expect({ code, ...body }).toMatchObject({
          ...{ code: 409, error: 'already_decided', status, by: winner, at: decidedAt },
        });
      }
    }
  });

  it('count as many as the quorum says, each once, and the rest hear that it is decided', async () => {
    const approval = await store({ approvers: crowd, quorum: 10 });
    const answers = await Promise.all(crowd.map(({ id }) => over(approval, id, 'approve')));
    const stored = (await approvals.find(ORG, approval.id)) as Approval;
    const codes = answers.map(({ status }) => status).sort();

    expect(stored.status).toBe('APPROVED');
    expect(new Set(stored.votes.map(({ by }) => by)).size).toBe(10);
    expect(codes).toEqual([200, ...Array(9).fill(202), ...Array(90).fill(409)]);
    expect(await types(approval)).toEqual(['PROPOSED', ...Array(9).fill('VOTED'), 'DECIDED']);
  });
});

describe('T22: one person who presses twice', () => {
  it.each([
    ['on the page', [{ channel: 'web' }, { channel: 'web' }]],
    ['on the page and in Slack', [{ channel: 'web' }, { channel: 'slack', auth: 'slack' }]],
    [
      'by mail and in Slack',
      [
        { channel: 'email', auth: 'code' },
        { channel: 'slack', auth: 'slack' },
      ],
    ],
  ] as [string, Partial<Vote>[]][])('%s is answered twice with one decision', async (_, ways) => {
    const approval = await store();
    const both = await Promise.all(
      ways.map((way) => approvals.decide(ORG, approval.id, vote(approval, way), NOW)),
    );
    const [again] = await Promise.all([over(approval, ANNA, 'approve')]);
    const ids = both.map((one) => one.approval.decision?.id);

    expect(both.map(({ refusal }) => refusal)).toEqual([undefined, undefined]);
    expect(again).toMatchObject({ status: 200, body: { decision: { id: ids[0] } } });
    expect(new Set(ids).size).toBe(1);
    expect(await types(approval)).toEqual(['PROPOSED', 'DECIDED']);
  });

  it('and changes their mind is told that it is too late', async () => {
    const approval = await store();
    const answers = await Promise.all([over(approval, ANNA, 'approve'), over(approval, ANNA, 'decline')]);

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await types(approval)).toEqual(['PROPOSED', 'DECIDED']);
  });
});

describe('T27: a page that was open while the request was changed', () => {
  it('decides nothing, and says so', async () => {
    const approval = await store();
    const now = await revised(approval);
    const answer = await over(approval, ANNA, 'approve');

    expect(now).toMatchObject({ revision: 2, status: 'PENDING' });
    expect(answer).toMatchObject({ status: 409, body: { error: 'changed' } });
    expect(await approvals.find(ORG, approval.id)).toEqual(now);
    expect(await over(now, ANNA, 'approve')).toMatchObject({ status: 200 });
  });

  it('decides on what was seen or not at all when both happen at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const approval = await store();
      const [answer] = await Promise.all([over(approval, ANNA, 'approve'), revised(approval)]);
      const stored = (await approvals.find(ORG, approval.id)) as Approval;

      expect([200, 409]).toContain(answer.status);
      expect([stored.status, stored.revision]).toEqual(
        answer.status === 200 ? ['APPROVED', 1] : ['PENDING', 2],
      );
    }
  });
});
