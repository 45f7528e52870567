import { describe, expect, it } from 'vitest';
import { reconcile } from '#core/agents/reconcile.ts';
import { metricsOfCost } from '#core/agents/spend-metrics.ts';
import { spendingOf } from '#core/agents/spending.ts';
import type { CostRow } from '#core/runs/run.ts';

let count = 0;
function row(change: Partial<CostRow> = {}): CostRow {
  return {
    ...{ id: `r${++count}`, at: '2026-11-20T10:00:00.000Z', ticketId: 'tk_1', role: 'engineer', model: 'm' },
    ...{ attempt: 1, inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0 },
    ...{ nanoUsd: 100, priceVersion: 'v', status: 'settled', stop: 'end_turn' },
    ...change,
  };
}

describe('spending', () => {
  it('is told by ticket, role, model and day, dearest first, each adding up to the whole', () => {
    const rows = [
      row(),
      row({ ticketId: 'tk_2', role: 'triage', nanoUsd: 300 }),
      row({ at: '2026-11-19T23:59:59.000Z', model: 'n' }),
    ];
    const found = spendingOf(rows, () => false);

    expect(found.byTicket).toEqual([
      { name: 'tk_2', nanoUsd: 300, attempts: 1 },
      { name: 'tk_1', nanoUsd: 200, attempts: 2 },
    ]);
    expect(found.byDay.map(({ name }) => name)).toEqual(['2026-11-19', '2026-11-20']);
    for (const lines of [found.byTicket, found.byRole, found.byModel, found.byDay])
      expect(lines.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0)).toBe(found.nanoUsd);
  });

  it('lets an accepted patch bear what was spent in vain', () => {
    const rows = [row(), row({ ticketId: 'tk_2', nanoUsd: 900 })];

    expect(spendingOf(rows, (id) => id === 'tk_1').accepted).toEqual({ tickets: 1, nanoUsdEach: 1_000 });
    expect(spendingOf(rows, () => false).accepted).toEqual({ tickets: 0 });
  });

  it('counts the cache, the waste and the uncertain', () => {
    const found = spendingOf(
      [
        row({ inputTokens: 10, cacheReadTokens: 80, cacheWriteTokens: 10, stop: 'refusal', nanoUsd: 1 }),
        row({ inputTokens: 0, repair: 1, nanoUsd: 2 }),
        row({ inputTokens: 0, stop: undefined, status: 'estimated', nanoUsd: 4 }),
        row({ inputTokens: 0, stop: undefined, status: 'unknown', nanoUsd: 8 }),
        row({ inputTokens: 0, status: 'unpriced', nanoUsd: 16 }),
        row({ inputTokens: 0, struck: true, nanoUsd: 32 }),
      ],
      () => true,
    );

    expect(found).toMatchObject({
      cacheHitRatio: 0.8,
      waste: { refused: 1, repaired: 2, brokenOff: 4, struck: 32 },
      unsure: { estimated: 4, unknown: 8, unpriced: 16 },
    });
    expect(spendingOf([], () => true)).not.toHaveProperty('cacheHitRatio');
  });

  it('is measured per attempt', () => {
    const values = Object.fromEntries(
      metricsOfCost(row({ status: 'unpriced' })).map((one) => [one.name, one.value]),
    );

    expect(values).toMatchObject({ model_cost_usd: 1e-7, model_prompt_tokens: 10, model_unpriced: 1 });
    const missed = metricsOfCost(row({ cacheMissedTokens: 9 }));
    expect(missed).toContainEqual(expect.objectContaining({ name: 'model_cache_miss', value: 1 }));
  });
});

describe('reconciling', () => {
  const bill = (usd: number) => [{ day: '2026-11-20', model: 'm', usd }];
  const rows = [row({ nanoUsd: 500_000_000 }), row({ nanoUsd: 480_000_000, model: 'm-20251001' })];

  it.each([
    ['within two percent is well', 1, 0],
    ['beyond two percent is not', 1.01, 1],
    ['below by as much is not', 0.95, 1],
  ])('%s', (_, usd, alarms) => {
    expect(reconcile(rows, bill(usd)).alarms).toHaveLength(alarms);
  });

  it('tells of what only one side knows, and of what has no price', () => {
    expect(reconcile(rows, []).alarms).toEqual([expect.stringMatching(/bill \$0.0000 \(all of it off\)/)]);
    expect(reconcile([], bill(3)).alarms).toEqual([
      expect.stringMatching(/ledger says \$0.0000.*100.0 % off/),
    ]);
    expect(reconcile([row({ status: 'unpriced', nanoUsd: 1e9 })], bill(1)).alarms).toEqual([
      expect.stringMatching(/1 attempts have no known price/),
    ]);
  });
});
