import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { personId } from '#core/people/person.ts';
import type { Principal } from '#core/people/principal.ts';
import { delegations } from '#functions/http/delegations.ts';
import { ANNA, handClock, NOW, ORG } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { send } from '../../support/request.ts';

let aws: LocalAws;
const people = dynamoPeople('People');
const BEN = 'ben@acme.example';
beforeAll(async () => {
  aws = await localAws();
  const createdAt = NOW.toISOString();
  await people.admit({
    org: ORG,
    id: personId(ORG, BEN),
    email: BEN,
    name: 'Ben',
    roles: ['viewer'],
    groups: [],
    createdAt,
  });
});
afterAll(() => aws.stop());

const anna: Principal = {
  via: 'session',
  org: ORG,
  id: ANNA,
  email: 'anna@acme.example',
  name: 'Anna',
  roles: ['approver'],
};
const later = (days: number) => new Date(NOW.getTime() + days * 86_400_000).toISOString();

function ask(method: string, body?: object, { id, as = anna }: { id?: string; as?: Principal } = {}) {
  const route = delegations({ people, principalOf: async () => as, clock: handClock() });
  const path = id ? `/v1/delegations/${id}` : '/v1/delegations';
  return send(route, { method, path, ...(id && { id }), ...(body && { body: JSON.stringify(body) }) });
}

const own = async () =>
  (await people.delegations(ORG)).filter(({ from, revokedAt }) => from === ANNA && !revokedAt);

describe('delegations', () => {
  it('hand on one’s own place until a day, and take it back', async () => {
    const made = await ask('POST', { to: BEN, until: later(7), action: 'change_code' });
    const { id } = JSON.parse(made.body);
    const before = await own();
    const ended = await ask('DELETE', undefined, { id });

    expect(made.statusCode).toBe(201);
    expect(before).toMatchObject([
      { from: ANNA, to: personId(ORG, BEN), action: 'change_code', maxRisk: 'medium', endsAt: later(7) },
    ]);
    expect(ended.statusCode).toBe(200);
    expect(await own()).toEqual([]);
  });

  it.each([
    ['to oneself', { to: 'anna@acme.example', until: later(1) }, 'yourself'],
    ['to a stranger', { to: 'zoe@acme.example', until: later(1) }, 'nobody here signs in'],
    ['until yesterday', { to: BEN, until: later(-1) }, 'over already'],
    ['for good', { to: BEN, until: later(400) }, 'at most 60 days'],
    ['of high risk', { to: BEN, until: later(1), max_risk: 'high' }, 'max_risk'],
    ['of no kind', { to: BEN, until: later(1), action: 'a b' }, 'action'],
    ['from somebody else', { to: BEN, until: later(1), from: 'p_other' }, 'from'],
  ])('refuse to hand it on %s', async (_, body, words) => {
    const { statusCode, body: said } = await ask('POST', body);

    expect(statusCode).toBe(400);
    expect(said).toContain(words);
    expect(await own()).toEqual([]);
  });

  it('are not for API keys, and end by whoever made them only', async () => {
    const made = await ask('POST', { to: BEN, until: later(1) });
    const { id } = JSON.parse(made.body);
    const key: Principal = { via: 'key', org: ORG, id: ANNA, keyId: 'k', scopes: ['approvals:decide'] };
    const ben: Principal = { ...anna, id: personId(ORG, BEN), email: BEN } as Principal;

    expect((await ask('POST', { to: BEN, until: later(1) }, { as: key })).statusCode).toBe(403);
    expect((await ask('DELETE', undefined, { id, as: ben })).statusCode).toBe(404);
    expect(await own()).toHaveLength(1);
  });
});
