import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import { type Caps, DEFAULT_CAPS } from '#core/agents/caps.ts';
import type { Claim, Outcome } from '#core/agents/spend.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { run } from '../../support/tickets.ts';

const AT = '2026-11-20T10:00:00.000Z';
const DAY = '2026-11-20';
const spend = dynamoSpend('Runs');
const runs = dynamoRuns('Runs');

let aws: LocalAws;
let org: string;
let count = 0;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());
beforeEach(() => {
  org = `org-${++count}`;
});

async function opened(id: string, more: Partial<Parameters<typeof run>[0]> = {}) {
  await runs.open(run({ org, id, ...more }));
  return spend.purse(org, id);
}

function claim(id: string, nanoUsd: number): Claim {
  return { id, at: AT, role: 'engineer', model: 'm', attempt: 1, nanoUsd };
}

function outcome(nanoUsd: number): Outcome {
  const tokens = { inputTokens: 1, outputTokens: 2, cacheReadTokens: 3, cacheWriteTokens: 4 };
  return { ...tokens, nanoUsd, priceVersion: 'v', status: 'settled' };
}

const caps = (change: Partial<Caps>) => spend.setCaps(org, { ...DEFAULT_CAPS, ...change });
const left = async (id: string) => (await spend.purse(org, id).left(new Date(AT))).nanoUsd;
const spent = async (id: string) => (await runs.find(org, id))?.spentNanoUsd;

describe('a purse', () => {
  it('sets aside, then takes what it cost, once each however often it is told', async () => {
    await caps({ call: 1_000, run: 1_000 });
    const purse = await opened('run_1_1');
    for (let times = 0; times < 3; times++) await purse.reserve(claim('a', 600));
    expect(await left('run_1_1')).toBe(400);
    expect(await runs.costs(org, 'run_1_1')).toEqual([]);

    await Promise.all([1, 2, 3].map(() => purse.settle(claim('a', 600), outcome(50))));
    expect([await left('run_1_1'), await spent('run_1_1')]).toEqual([950, 50]);
    expect(await runs.costs(org, 'run_1_1')).toMatchObject([
      { id: 'a', status: 'settled', nanoUsd: 50, reservedNanoUsd: 600, ticketId: 'tk_1' },
    ]);
    expect(await spend.rows(org, DAY, new Date(AT))).toHaveLength(1);
  });

  it('tells which answers only went on in a circle', async () => {
    const purse = await opened('run_1_1');
    for (const id of ['a', 'b']) {
      await purse.reserve(claim(id, 600));
      await purse.settle(claim(id, 600), outcome(50));
    }
    await runs.struck(org, 'run_1_1', ['b']);

    const marks = (await runs.costs(org, 'run_1_1')).map(({ id, struck = false }) => [id, struck]);
    expect(marks).toEqual([
      ['a', false],
      ['b', true],
    ]);
  });

  it.each<[keyof Caps, string]>([
    ['call', 'one call may cost'],
    ['run', 'this run may cost'],
    ['ticket', 'this ticket may cost'],
    ['day', 'this organization today may cost'],
  ])('refuses what exceeds the cap of a %s, and keeps nothing of it', async (level, words) => {
    await caps({ [level]: 500 });
    const purse = await opened('run_1_1');

    await expect(purse.reserve(claim('a', 501))).rejects.toThrow(words);
    await purse.reserve(claim('a', 500));
    expect((await spend.rows(org, DAY, new Date(AT))).length).toBe(0);
    expect(await purse.left(new Date(AT))).toEqual(
      level === 'call' ? { of: 'call', nanoUsd: 500 } : { of: level, nanoUsd: 0 },
    );
  });

  it("never has more than the run's own budget, and no run has another's", async () => {
    const purse = await opened('run_1_1', { budgetNanoUsd: 300 });
    await expect(purse.reserve(claim('a', 301))).rejects.toMatchObject({ code: 'OverBudget' });
    await expect(spend.purse(org, 'run_none').reserve(claim('a', 1))).rejects.toMatchObject({
      code: 'NotFound',
    });
    await purse.reserve(claim('a', 300));
    expect(await left('run_1_1')).toBe(0);
    await opened('run_2_1', { ticketId: 'tk_2', budgetNanoUsd: 300 });
    expect(await left('run_2_1')).toBe(300);
  });

  it('is closed at once by a lower cap, and opened by a higher one', async () => {
    const purse = await opened('run_1_1');
    await purse.reserve(claim('a', 1_000));
    await caps({ day: 900 });
    expect((await purse.left(new Date(AT))).nanoUsd).toBe(-100);
    await expect(purse.reserve(claim('b', 1))).rejects.toMatchObject({ code: 'OverBudget' });
    await caps({ day: 1_001 });
    await purse.reserve(claim('b', 1));
    await caps({ call: 10 });
    await expect(purse.reserve(claim('c', 11))).rejects.toThrow('one call may cost');
  });

  it('begins anew on the next day', async () => {
    await caps({ day: 500 });
    const purse = await opened('run_1_1');
    await purse.reserve(claim('a', 500));
    await purse.reserve({ ...claim('b', 500), at: '2026-11-21T00:00:00.000Z' });
  });

  it('charges what a dead process had set aside, and hears nothing of it afterwards', async () => {
    const purse = await opened('run_1_1');
    await purse.reserve(claim('lost', 700));
    await purse.reserve({ ...claim('alive', 100), at: '2026-11-20T10:30:00.000Z' });

    const later = new Date('2026-11-20T11:10:00Z');
    expect(await spend.rows(org, DAY, later)).toMatchObject([
      { id: 'lost', status: 'unknown', nanoUsd: 700 },
    ]);
    expect(await spend.abandon(org, 'run_1_1', new Date('2026-11-20T10:20:00Z'))).toBe(1);
    await purse.settle(claim('lost', 700), outcome(5));
    expect(await spend.rows(org, DAY, later)).toMatchObject([
      { id: 'lost', status: 'unknown', nanoUsd: 700 },
    ]);
    expect(await spent('run_1_1')).toBe(700);
    expect(await runs.costs(org, 'run_1_1')).toMatchObject([{ id: 'lost', status: 'unknown', nanoUsd: 700 }]);
  });
});

describe('fifty calls at once', () => {
  it.each<keyof Caps>(['run', 'ticket', 'day'])('never exceed the cap of a %s', async (level) => {
    await caps({ [level]: 1_000 });
    const purses = await Promise.all(
      [1, 2, 3].map((n) =>
        opened(`run_${level === 'day' ? n : 1}_${n}`, { ticketId: `tk_${level === 'day' ? n : 1}` }),
      ),
    );
    const mine = level === 'run' ? purses.slice(0, 1) : purses;
    const tries = Array.from({ length: 50 }, (_, n) => mine[n % mine.length]?.reserve(claim(`c${n}`, 90)));
    const done = (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled');

    expect(done).toHaveLength(11);
    expect(await left('run_1_1')).toBe(10);
  });
});

it('never has more settled and reserved than any cap, whatever happens in whatever order', async () => {
  const call = fc.record({
    run: fc.integer({ min: 1, max: 3 }),
    amount: fc.integer({ min: 1, max: 400 }),
    settles: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 20 }), async (calls) => {
      org = `org-${++count}`;
      await caps({ run: 500, ticket: 700, day: 900 });
      for (const n of [1, 2, 3]) await opened(`run_${n}`, { ticketId: n < 3 ? 'tk_1' : 'tk_2' });
      const made = await Promise.all(
        calls.map(async ({ run: n, amount, settles }, index) => {
          const purse = spend.purse(org, `run_${n}`);
          const mine = claim(`c${index}`, amount);
          const isHeld = await purse.reserve(mine).then(
            () => true,
            () => false,
          );
          if (!isHeld) return { n, nanoUsd: 0 };
          if (settles === null) return { n, nanoUsd: amount };
          const nanoUsd = Math.floor(amount * settles);
          await purse.settle(mine, outcome(nanoUsd));
          return { n, nanoUsd };
        }),
      );
      const of = (...wanted: number[]) =>
        made.filter(({ n }) => wanted.includes(n)).reduce((sum, { nanoUsd }) => sum + nanoUsd, 0);
      for (const n of [1, 2, 3]) expect(of(n)).toBeLessThanOrEqual(500);
      expect(of(1, 2)).toBeLessThanOrEqual(700);
      expect(of(1, 2, 3)).toBeLessThanOrEqual(900);
      expect(await left('run_3')).toBe(Math.min(500 - of(3), 900 - of(1, 2, 3)));
    }),
    { numRuns: 25 },
  );
});
