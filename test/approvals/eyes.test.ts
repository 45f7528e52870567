import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { approvalTokens } from '#adapters/links.ts';
import type { Approval } from '#core/approvals/approval.ts';
import type { Vote } from '#core/approvals/decide.ts';
import type { Question } from '#core/approvals/question.ts';
import { placeFor } from '#core/people/delegation.ts';
import { personId } from '#core/people/person.ts';
import type { Principal } from '#core/people/principal.ts';
import { approvalApi } from '#functions/http/approval-api.ts';
import {
  ANNA,
  approvals,
  asking,
  BEN,
  links,
  NOW,
  ORG,
  question,
  REPORTER,
  SECRET,
  vote,
} from '../support/approvals.ts';
import { type LocalAws, localAws } from '../support/aws.ts';
import { send } from '../support/request.ts';
import { force } from './bypass.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const people = dynamoPeople('People');
const CARA = personId(ORG, 'cara@acme.example');
const STARTER = personId(ORG, 'sam@acme.example');
const EDITOR = personId(ORG, 'edna@acme.example');

const WAYS: Partial<Vote>[] = [
  { channel: 'email', auth: 'code' },
  { channel: 'web', auth: 'session' },
  { channel: 'web', auth: 'passkey' },
  { channel: 'slack', auth: 'slack' },
  { channel: 'api', auth: 'key' },
];

let count = 0;

/** Lets one person stand for another, for an hour. */
async function standsFor(to: string, from: string): Promise<Partial<Vote>> {
  count += 1;
  const id = `del_${String(count).padStart(26, '0')}`;
  const [startsAt, endsAt] = [NOW.toISOString(), new Date(NOW.getTime() + 3_600_000).toISOString()];
  const open = { action: '*', maxRisk: 'high', startsAt, endsAt, createdAt: startsAt } as const;
  await people.delegate({ org: ORG, id, from, to, ...open });
  return { by: to, onBehalfOf: from, delegation: id };
}

const mailOf = (id: string) => ({ id, email: `${id.slice(-8)}@acme.example` });

async function store(change: Partial<Question> = {}): Promise<Approval> {
  const conflicts = ['agent:lead', REPORTER, STARTER, EDITOR];
  const approvers = [ANNA, BEN, REPORTER, STARTER, EDITOR].map(mailOf);
  const { step, text } = question({ conflicts, approvers, ...change });
  return approvals.propose(step, text);
}

/** Tries a vote by the application and past it; nothing may come of either. */
async function expectRefused(approval: Approval, change: Partial<Vote>): Promise<void> {
  const { refusal } = await approvals.decide(ORG, approval.id, vote(approval, change), NOW);

  expect(refusal, JSON.stringify(change)).toMatchObject({ error: 'not_eligible' });
  expect(await force(approval, change), `past every check: ${JSON.stringify(change)}`).toBe(false);
  expect(await approvals.find(ORG, approval.id)).toEqual(approval);
  expect(await approvals.ledger(ORG, approval.id)).toHaveLength(approval.ledgerSeq);
}

const INVOLVED = {
  'whoever reported it': REPORTER,
  'whoever started the run': STARTER,
  'whoever edited it': EDITOR,
};

describe.each(Object.entries(INVOLVED))('T24: %s, though an approver,', (_, involved) => {
  it('decides by no way of proving who they are', async () => {
    const approval = await store();
    for (const way of WAYS) await expectRefused(approval, { ...way, by: involved });
  });

  it('decides in nobody else’s place', async () => {
    const approval = await store();
    const place = await standsFor(involved, ANNA);
    for (const way of WAYS) await expectRefused(approval, { ...way, ...place });
  });

  it('has nobody decide in their place, neither a stranger nor another approver', async () => {
    const approval = await store();
    for (const to of [CARA, BEN]) {
      const place = await standsFor(to, involved);
      for (const way of WAYS) await expectRefused(approval, { ...way, ...place });
    }
  });

  it('is offered nobody’s place', async () => {
    const approval = await store();
    await standsFor(involved, ANNA);
    const delegations = await people.delegations(ORG);

    expect(placeFor({ ...approval, approvers: [mailOf(ANNA)] }, involved, { delegations, now: NOW })).toBe(
      undefined,
    );
  });
});

describe('T24: four eyes', () => {
  it.each(WAYS)('take anybody who had no part in it, by $channel and $auth', async (way) => {
    const [own, place] = [await store(), await standsFor(CARA, ANNA)];
    const theirs = await store();

    expect(await approvals.decide(ORG, own.id, vote(own, way), NOW)).toMatchObject({ repeated: false });
    expect(await approvals.decide(ORG, theirs.id, vote(theirs, { ...way, ...place }), NOW)).toMatchObject({
      repeated: false,
    });
    expect(await force(await store(), way)).toBe(true);
    expect(await force(await store(), { ...way, ...place })).toBe(true);
  });

  it('may be two where the policy lets whoever asks decide', async () => {
    const approval = await store({ mode: 'ask', conflicts: ['agent:lead'] });

    expect(await approvals.decide(ORG, approval.id, vote(approval, { by: REPORTER }), NOW)).toMatchObject({
      approval: { status: 'APPROVED' },
    });
  });
});

describe('T25: somebody of another organization', () => {
  const OTHER = 'other';

  it('does not find a request, whatever they know of it', async () => {
    const approval = await store();
    const foreign: Principal = {
      via: 'session',
      org: OTHER,
      id: ANNA,
      email: '',
      name: '',
      roles: ['admin'],
    };
    const clock = { now: () => NOW };
    const route = approvalApi({ ...asking(clock), principalOf: async () => foreign });
    const { id, revision, payloadHash: payload_hash } = approval;
    const body = JSON.stringify({ decision: 'approve', revision, payload_hash });
    const shown = await send(route, { path: '/', id });
    const decided = await send(route, { method: 'POST', path: '/', id, body });
    const unknown = await send(route, { path: '/', id: id.replace(/.{4}$/, '0000') });

    expect([shown.statusCode, decided.statusCode]).toEqual([404, 404]);
    expect(shown.body).toBe(unknown.body);
    expect(await approvals.find(ORG, id)).toEqual(approval);
  });

  it('does not decide with the same person, request and link in an organization of their own', async () => {
    const ours = await store();
    const { step, text } = question({ org: OTHER, id: ours.id, approvers: ours.approvers });
    const theirs = await approvals.propose(step, text);
    const clock = { now: () => NOW };
    const tokens = approvalTokens(SECRET, clock);
    const more = { revision: 1, round: 0, payloadHash: theirs.payloadHash, issuedAt: theirs.requestedAt };
    const link = { org: OTHER, approvalId: ours.id, approver: ANNA, expiresAt: theirs.expiresAt, ...more };
    const { hash, token } = await tokens.link(link);
    await links.issue({ ...link, hash });
    const change = { linkHash: hash, channel: 'email', auth: 'code' } as const;

    expect((await tokens.readLink(token))?.org).toBe(OTHER);
    expect(await approvals.decide(ORG, ours.id, vote(ours, change), NOW)).toHaveProperty('refusal');
    expect(await force(ours, change)).toBe(false);
    expect(await approvals.decide(OTHER, ours.id, vote(theirs, change), NOW)).toMatchObject({
      repeated: false,
    });
    expect(await approvals.find(ORG, ours.id)).toEqual(ours);
  });
});

describe('T23: one person with two identities', () => {
  const TWO = [
    ['by mail and then in Slack', {}, async () => ({ channel: 'slack', auth: 'slack' })],
    ['in person and then as a delegate', {}, async () => standsFor(ANNA, BEN)],
    ['in person and then by a delegate', {}, async () => standsFor(CARA, ANNA)],
    ['as a delegate and then in person', () => standsFor(ANNA, BEN), async () => ({ by: ANNA })],
    ['by a delegate and then in person', () => standsFor(CARA, ANNA), async () => ({ by: ANNA })],
    ['by two delegates', () => standsFor(CARA, ANNA), async () => standsFor(BEN, ANNA)],
    ['as the delegate of two', () => standsFor(CARA, ANNA), async () => standsFor(CARA, BEN)],
  ] as [string, Partial<Vote> | (() => Promise<Partial<Vote>>), () => Promise<Partial<Vote>>][];

  it.each(TWO)('votes once: %s', async (_, first, second) => {
    const approval = await store({ quorum: 2 });
    const one = typeof first === 'function' ? await first() : first;
    const { approval: voted } = await approvals.decide(ORG, approval.id, vote(approval, one), NOW);
    const two = await second();
    const { approval: then } = await approvals.decide(ORG, approval.id, vote(voted, two), NOW);

    expect(voted.votes).toHaveLength(1);
    expect(then).toEqual(voted);
    expect(await force(voted, two)).toBe(false);
    expect(await approvals.ledger(ORG, approval.id)).toHaveLength(2);
  });

  it('votes once when both come at the same moment', async () => {
    for (let round = 0; round < 10; round += 1) {
      const approval = await store({ quorum: 2 });
      const place = await standsFor(CARA, ANNA);
      await Promise.all(
        [{ by: ANNA }, place].map((one) => approvals.decide(ORG, approval.id, vote(approval, one), NOW)),
      );

      expect((await approvals.find(ORG, approval.id))?.votes).toHaveLength(1);
    }
  });
});
