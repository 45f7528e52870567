import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { DEFAULT_CAPS } from '#core/agents/caps.ts';
import type { Role } from '#core/people/person.ts';
import { putBudgets } from '#functions/http/put-budgets.ts';
import { costRows, spending } from '#functions/spending.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { send } from '../../support/request.ts';
import { delivery, run, ticket } from '../../support/tickets.ts';

let aws: LocalAws;
let org: string;
let count = 0;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());
beforeEach(() => {
  org = `budgets-${++count}`;
});

const spend = dynamoSpend('Runs');
const tickets = dynamoTickets('Tickets', 'Deliveries');

async function put(body: object, roles: Role[] = ['admin']) {
  const principalOf = async () => ({
    via: 'session' as const,
    org,
    id: 'p',
    email: 'a@b.c',
    name: 'A',
    roles,
  });
  const route = putBudgets(principalOf, spend);
  const answer = await send(route, { method: 'PUT', path: '/api/budgets', body: JSON.stringify(body) });
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
}

it('changes the caps that are named, and keeps the others', async () => {
  expect(await put({ day: 50e9 })).toEqual({ status: 200, body: { caps: { ...DEFAULT_CAPS, day: 50e9 } } });
  expect(await spend.caps(org)).toEqual({ ...DEFAULT_CAPS, day: 50e9 });
});

it.each([
  ['from a lead', { day: 50e9 }, ['lead'], 403],
  ['of nothing', { day: 0 }, ['admin'], 400],
  ['with a fraction', { day: 50e9 + 0.5 }, ['admin'], 400],
  ['that is unknown', { week: 50e9 }, ['admin'], 400],
  ['where a run may cost more than a day', { run: 200e9 }, ['admin'], 400],
] as [string, object, Role[], number][])('refuses a cap %s', async (_, body, roles, status) => {
  expect((await put(body, roles)).status).toBe(status);
  expect(await spend.caps(org)).toEqual(DEFAULT_CAPS);
});

it('sums up the days asked for, each organization its own', async () => {
  const { ticket: made } = await tickets.accept(ticket({ org }), delivery({ org }));
  await tickets.advance(org, made.id, ['received'], { status: 'merged' });
  await dynamoRuns('Runs').open(run({ org, id: 'run_1_1', ticketId: made.id }));
  const purse = spend.purse(org, 'run_1_1');
  for (const at of ['2026-11-18T00:00:00.000Z', '2026-11-20T00:00:00.000Z']) {
    const claim = { id: at, at, role: 'lead', model: 'm', attempt: 1, nanoUsd: 9 };
    await purse.reserve(claim);
    const tokens = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 1, cacheWriteTokens: 0 };
    await purse.settle(claim, { ...tokens, nanoUsd: 5, priceVersion: 'v', status: 'settled' });
  }
  const clock = { now: () => new Date('2026-11-20T12:00:00Z') };
  const of = (days: string) => ({ spend, tickets, clock, org, query: { days } });

  expect(await spending(of('2'))).toMatchObject({
    from: '2026-11-19',
    to: '2026-11-20',
    nanoUsd: 5,
    attempts: 1,
  });
  expect(await spending(of('3'))).toMatchObject({ nanoUsd: 10, accepted: { tickets: 1, nanoUsdEach: 10 } });
  expect((await costRows(of('3'))).costs.map(({ at }) => at)).toHaveLength(2);
  expect(await spending({ ...of('3'), org: `${org}x` })).toMatchObject({ nanoUsd: 0 });
  await expect(spending(of('93'))).rejects.toMatchObject({ code: 'Invalid' });
});
