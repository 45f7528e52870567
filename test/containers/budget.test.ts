import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import { ORG, scriptOf, type Workbench, workbench, writeScript } from './workbench.ts';

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.stop());

it.each([
  ['nothing', 1_000_000, 0],
  ['one call', 33_000_000, 1],
])(
  'a run stops before the call that its day has no money for, after %s',
  { timeout: 120_000 },
  async (name, day, calls) => {
    const id = name.replace(' ', '');
    const fix = { path: 'tap_orders/client.py', old: ' or len(records) < self.page_size:', new: ':' };
    writeScript(bench, id, scriptOf(`ETL-${id}`, [fix]));
    const filed = await bench.file(id);
    await dynamoSpend('Runs').setCaps(ORG, { call: day, run: day, ticket: day, day });
    const stored = await bench.runs.find(ORG, filed.id);
    if (!stored) throw new Error('no run');
    const { printed } = await bench.start('agent', stored).ended;

    const answer = bench.answers.findLast(({ input }) => input.taskToken === `token-agent-${filed.id}`);
    expect(answer?.input.output, printed).toMatch(/budget is used up/);
    const { partial } = (await bench.runs.find(ORG, filed.id)) ?? {};
    if (calls > 0) expect(partial?.report).toMatch(/Why it ended: The budget is used up/);
    const costs = await bench.runs.costs(ORG, filed.id);
    expect(costs).toHaveLength(calls);
    expect(costs.reduce((sum, row) => sum + row.nanoUsd, 0)).toBeLessThanOrEqual(day);
  },
);
