import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bill } from '#adapters/anthropic/bill.ts';
import type { Finding } from '#adapters/anthropic/probe.ts';
import { clients } from '#adapters/anthropic/providers.ts';
import { speaking } from '#adapters/anthropic/speak.ts';
import { dynamoRoutes } from '#adapters/dynamodb/routes.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import { ROLES, type Role, routeOf } from '#core/agents/roles.ts';
import type { Metric } from '#core/ledger/metrics.ts';
import { checkingModels, type Needs } from '#functions/schedule/check-models.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { openPurse } from '../../support/purse.ts';
import { run } from '../../support/tickets.ts';

const NOW = new Date('2026-11-21T04:10:00.000Z');
const ROUTE = routeOf('engineer');
const GOOD: Finding = { check: 'calls a tool', isGood: true, detail: '' };
const BAD: Finding = { check: 'calls two tools at once', isGood: false, detail: '1 calls arrived' };
const SILENT: Finding = { check: 'calls a tool', isGood: false, detail: 'answered 529', isUnheard: true };

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const routes = dynamoRoutes('Runs');
let alarms: Metric[];
beforeEach(() => {
  alarms = [];
});

/** A night on which the engineer's route is found to be so. */
async function night(findings: Finding[], more: Partial<Needs> = {}, at = NOW) {
  await checkingModels({
    routes,
    look: async (role) => (role === 'engineer' ? findings : [GOOD]),
    stays: async () => [],
    rows: async () => [],
    emit: (metrics) => void alarms.push(...metrics),
    ...more,
  })(at);
  return routes.find(ROUTE);
}

const kinds = () => alarms.map(({ dimensions, value }) => [dimensions?.kind, value]);

describe('a route', () => {
  it('is closed by a check that fails twice, and opened by a look without one', async () => {
    expect(await night([GOOD, BAD])).toMatchObject({
      isOpen: false,
      why: ['calls two tools at once: 1 calls arrived'],
    });
    expect(kinds()).toEqual([['route', 1]]);

    const later = new Date('2026-11-22T04:10:00.000Z');
    expect(await night([GOOD], {}, later)).toMatchObject({ isOpen: true, since: later.toISOString() });
    expect(await routes.all()).toHaveLength(
      new Set(Object.keys(ROLES).map((name) => routeOf(name as Role))).size,
    );
  });

  it('stays as it was when its provider does not answer, and somebody is told', async () => {
    await night([BAD]);
    alarms = [];
    expect(await night([SILENT])).toMatchObject({ isOpen: false });
    await night([GOOD]);
    expect(await night([SILENT])).toMatchObject({ isOpen: true });
    expect(kinds()).toEqual([
      ['route', 1],
      ['route', 1],
    ]);
  });

  it('takes nothing while it is closed, and says what to do', async () => {
    await night([BAD]);
    const { purse, reserved } = openPurse();
    const speak = speaking({
      ...{ roles: ROLES, clock: { now: () => NOW }, purse, routes },
      send: clients({ apiKey: 'k', baseUrl: 'http://127.0.0.1:9' }),
    });

    await expect(speak({ role: 'engineer', system: '', messages: [], maxTokens: 1 })).rejects.toMatchObject({
      code: 'Forbidden',
      message: expect.stringMatching(/not used since 2026-11-21.*calls two tools at once.*another model/),
    });
    expect(reserved).toEqual([]);
  });
});

it('tells of models that retire', async () => {
  const asked: string[][] = [];
  const stays = async (models: string[]) => {
    asked.push(models);
    return [{ check: 'stays', isGood: false, detail: 'it retires on 2026-11-30' }];
  };
  await night([GOOD], { stays });

  expect(kinds()).toEqual([['retirement', 1]]);
  expect(asked[0]).toContain(ROLES.engineer.model);
});

describe('the ledger', () => {
  const pages: Record<string, object> = {
    '': {
      data: [day('2026-11-19', '150.25', 'ours'), day('2026-11-19', '900', 'theirs')],
      has_more: true,
      next_page: 'p2',
    },
    p2: { data: [day('2026-11-20', '40', 'ours')], has_more: false, next_page: null },
  };
  function day(date: string, amount: string, workspace_id: string) {
    const one = { amount, workspace_id, model: 'claude-opus-5-5-20260901', currency: 'USD' };
    return { starting_at: `${date}T00:00:00Z`, ending_at: '', results: [one] };
  }
  const asked: { url: URL; key: unknown }[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    asked.push({ url, key: request.headers['x-api-key'] });
    response.end(JSON.stringify(pages[url.searchParams.get('page') ?? '']));
  });
  beforeAll(() => new Promise<void>((done) => void server.listen(0, '127.0.0.1', done)));
  afterAll(() => void server.close());

  async function spent(org: string, at: string, nanoUsd: number) {
    await dynamoRuns('Runs').open(run({ org }));
    const { purse } = dynamoSpend('Runs');
    const claim = {
      id: `${org}${at}`,
      at,
      role: 'engineer',
      provider: 'anthropic',
      model: 'claude-opus-5-5',
      attempt: 1,
      nanoUsd,
    };
    const none = {
      inputTokens: 0,
      outputTokens: 0,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      priceVersion: '-',
    };
    await purse(org, 'run_1_1').reserve(claim as never);
    await purse(org, 'run_1_1').settle(claim as never, { ...none, nanoUsd, status: 'settled' });
  }
  const charged = (from: Date, to: Date) => {
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return bill({ adminKey: 'sk-admin', baseUrl, workspace: 'ours' }, from, to);
  };
  const rows: Needs['rows'] = (from, to) => dynamoSpend('Runs').everybodys(from, to, NOW);

  it('of every organization is set beside the bill of the last two whole days', async () => {
    await spent('acme', '2026-11-19T10:00:00.000Z', 1_000_000_000);
    await spent('other', '2026-11-19T23:59:59.000Z', 502_500_000);
    await spent('acme', '2026-11-20T10:00:00.000Z', 400_000_000);
    await spent('acme', '2026-11-21T01:00:00.000Z', 700_000_000);
    await night([GOOD], { rows, bill: charged });

    expect(kinds()).toEqual([]);
    expect(asked[0]?.key).toBe('sk-admin');
    expect(asked[0]?.url.searchParams.get('starting_at')).toBe('2026-11-19T00:00:00.000Z');
    expect(asked[0]?.url.searchParams.get('ending_at')).toBe('2026-11-21T00:00:00.000Z');
  });

  it('rings when it is more than two per cent off', async () => {
    await spent('third', '2026-11-20T12:00:00.000Z', 9_000_000);
    await night([GOOD], { rows, bill: charged });

    expect(kinds()).toEqual([['bill', 1]]);
  });

  it('rings when the bill cannot be had, and the other checks are made', async () => {
    const nowhere = (from: Date, to: Date) =>
      bill({ adminKey: 'k', baseUrl: 'http://127.0.0.1:9' }, from, to);

    expect(await night([GOOD], { rows, bill: nowhere })).toMatchObject({ isOpen: true });
    expect(kinds()).toEqual([['bill', 1]]);
  });
});
