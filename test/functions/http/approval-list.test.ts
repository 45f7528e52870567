import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { dynamoChecks } from '#adapters/dynamodb/checks.ts';
import { dynamoDeadLetters } from '#adapters/dynamodb/dead-letters.ts';
import { dynamoDeliveries } from '#adapters/dynamodb/deliveries.ts';
import { dynamoIdentities } from '#adapters/dynamodb/identities.ts';
import { dynamoLikeness } from '#adapters/dynamodb/likeness.ts';
import { dynamoOutbox } from '#adapters/dynamodb/outbox.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoRoutes } from '#adapters/dynamodb/routes.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { type Approval, approvalId } from '#core/approvals/approval.ts';
import { ended } from '#core/approvals/decide.ts';
import type { Question } from '#core/approvals/question.ts';
import type { Scope } from '#core/people/person.ts';
import type { Principal } from '#core/people/principal.ts';
import { api } from '#functions/http/api.ts';
import { ANNA, approvals, BEN, handClock, NOW, question, vote } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { send } from '../../support/request.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

let org = '';
let count = 0;
beforeEach(() => {
  count += 1;
  org = `lists-${count}`;
});

const at = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000).toISOString();
const anna = () => signedIn(ANNA);
const signedIn = (id: string): Principal => ({
  ...{ via: 'session', org, id, email: 'somebody@acme.example', name: 'Somebody' },
  roles: ['viewer'],
});

async function get(path: string, query: Record<string, string> = {}, principal = anna()) {
  const route = api({
    spend: dynamoSpend('Runs'),
    routes: dynamoRoutes('Runs'),
    principalOf: async () => principal,
    tickets: dynamoTickets('Tickets', 'Deliveries'),
    deliveries: dynamoDeliveries('Deliveries'),
    deadLetters: dynamoDeadLetters('DeadLetters'),
    firstOrg: 'main',
    runs: dynamoRuns('Runs'),
    identities: dynamoIdentities('People'),
    projects: dynamoProjects('Projects'),
    checks: dynamoChecks('Checks'),
    people: dynamoPeople('People'),
    clock: handClock(),
    publicUrl: 'http://localhost:4600/',
    approvals,
    artifacts: s3Artifacts('artifacts'),
    likeness: dynamoLikeness('Triage'),
    outbox: dynamoOutbox('Deliveries', handClock()),
    queue: dynamoQueue('Queue'),
    limits: { all: 1, of: () => 1 },
  });
  const { statusCode, body } = await send(route, { path, query });
  return { statusCode, body: JSON.parse(body) };
}

async function asked(change: Partial<Question> = {}): Promise<Approval> {
  const id = approvalId(org, String(Math.random()), 'plan');
  const { step, text } = question({ org, id, ...change });
  return approvals.propose(step, text);
}

const decide = (approval: Approval, change: Parameters<typeof vote>[1] = {}) =>
  approvals.decide(org, approval.id, vote(approval, change), NOW);

it('lists what waits, the most urgent first, with why it does and whether you may decide it', async () => {
  const over = [{ fact: 'recipients', value: '40', limit: '20' }];
  const late = await asked({ quorum: 2, over });
  const soon = await asked({ expiresAt: at(5), conflicts: [ANNA], type: 'email.send' });
  await decide(late, { by: BEN });
  const { body } = await get('/api/approvals');

  expect(body.approvals).toMatchObject([
    { id: soon.id, mayDecide: false, type: 'email.send' },
    {
      ...{ id: late.id, headline: late.headline, mode: 'require_approval', risk: 'medium', quorum: 2, over },
      why: 'Rule change_code, risk medium; recipients is 40, the limit is 20',
      asked: ['anna@acme.example', 'ben@acme.example'],
      votes: [{ by: 'ben@acme.example', channel: 'web', at: at(0) }],
      ...{ requestedAt: at(0), expiresAt: at(60), mayDecide: true, takesPasskey: false },
    },
  ]);
  expect((await get('/api/approvals', { type: 'email.send' })).body.approvals).toHaveLength(1);
});

it('says that a person who voted, or was not asked, may not decide', async () => {
  const approval = await asked({ quorum: 2 });
  await decide(approval);

  for (const id of [ANNA, 'p_stranger'])
    expect((await get('/api/approvals', {}, signedIn(id))).body.approvals[0].mayDecide).toBe(false);
  expect((await get('/api/approvals', {}, signedIn(BEN))).body.approvals[0].mayDecide).toBe(true);
});

it.each([
  ['lacks the scope', ['approvals:read'], {}, false],
  ['has it', ['approvals:read', 'approvals:decide'], {}, true],
  [
    'has it, and it takes more than a key',
    ['approvals:read', 'approvals:decide'],
    { auths: ['passkey'] },
    false,
  ],
] as const)('says whether a key may decide that %s', async (_, scopes, change, may) => {
  await asked(change as Partial<Question>);
  const key: Principal = { via: 'key', org, id: ANNA, keyId: 'k1', scopes: scopes as readonly Scope[] };

  expect((await get('/api/approvals', {}, key)).body.approvals[0].mayDecide).toBe(may);
});

it('lists what is over, page by page, with who decided, when and where', async () => {
  const all = [];
  for (const minute of [0, 1, 2]) all.push(await asked({ requestedAt: at(minute) }));
  const [first, second, third] = all as [Approval, Approval, Approval];
  await asked({ requestedAt: at(3) });
  await decide(first, { verdict: 'decline', reason: 'wrong branch' });
  await approvals.take(second, ended(second, 'EXPIRED', at(70)));
  await decide(third, { by: BEN, channel: 'slack', auth: 'slack' });
  const { body: newest } = await get('/api/approvals', { status: 'settled', limit: '2' });
  const { body: rest } = await get('/api/approvals', {
    status: 'settled',
    limit: '2',
    cursor: newest.cursor,
  });

  expect(newest.approvals).toMatchObject([
    {
      id: third.id,
      decision: { verdict: 'approve', by: 'ben@acme.example', channel: 'slack' },
      decidedAt: at(0),
    },
    { id: second.id, status: 'EXPIRED', decidedAt: at(70) },
  ]);
  expect(rest.approvals).toMatchObject([{ id: first.id, decision: { reason: 'wrong branch' } }]);
  expect(rest.cursor).toBeUndefined();
});

it('leaves out what policy settled, if asked to', async () => {
  await asked({ mode: 'auto' });
  const approval = await asked();
  await decide(approval);
  const { body } = await get('/api/approvals', { status: 'settled', by: 'people' });

  expect(body.approvals).toMatchObject([{ id: approval.id }]);
  expect((await get('/api/approvals', { status: 'settled' })).body.approvals).toHaveLength(2);
});

it('measures what was asked in a period, in total and for each type', async () => {
  await asked({ requestedAt: at(-3 * 24 * 60), expiresAt: at(60) });
  const approval = await asked({ type: 'email.send' });
  await decide(approval, { verdict: 'decline', reason: 'no' });

  expect((await get('/api/approvals/metrics', { days: '1' })).body).toMatchObject({
    ...{ days: 1, since: at(-24 * 60) },
    total: { asked: 1, overrideRate: 1 },
    types: [{ type: 'email.send', decided: 1, declined: 1 }],
  });
  expect((await get('/api/approvals/metrics')).body.total.asked).toBe(2);
});

it('shows no other organization anything, whatever page it asks for', async () => {
  for (const one of [await asked(), await asked()]) await decide(one);
  await asked();
  const own = await get('/api/approvals', { status: 'settled', limit: '1' });
  const other: Principal = { ...anna(), org: `${org}-other` };
  const settled: Record<string, string> = { status: 'settled', cursor: own.body.cursor };

  for (const query of [{}, settled])
    expect((await get('/api/approvals', query, other)).body.approvals).toEqual([]);
  expect((await get('/api/approvals/metrics', {}, other)).body.total.asked).toBe(0);
});

it.each([
  ['/api/approvals', { status: 'open' }],
  ['/api/approvals', { limit: '0' }],
  ['/api/approvals', { status: 'settled', cursor: 'x' }],
  ['/api/approvals/metrics', { days: '91' }],
])('refuses GET %s %j', async (path, query) => {
  expect((await get(path, query)).statusCode).toBe(400);
});
