import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Run } from '#core/runs/run.ts';
import { ORG, type Workbench, workbench, writeScript } from './workbench.ts';

const EDIT = { path: 'tap_orders/client.py', old: ' or len(records) < self.page_size:', new: ':' };
const FINISH = { summary: 'Done', rootCause: 'Short pages', changes: [], tests: [], risks: [] };

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.stop());

/** A model that edits, sleeps for as long in a command, and hands over. */
async function filed(name: string, seconds: number): Promise<Run> {
  const calls: [string, object][] = [
    ['edit', EDIT],
    ['bash', { command: `sleep ${seconds}` }],
    ['bash', { command: 'git diff --stat' }],
    ['finish', FINISH],
  ];
  const turns = calls.map(([tool, input]) => ({
    content: [{ type: 'tool_use', name: tool, input }],
    stop_reason: 'tool_use',
  }));
  const match = { model: 'opus', system: ["You are Signalbox's engineer"], user: [`ETL-${name}"`] };
  writeScript(bench, name, { match, turns });
  return bench.file(name);
}

async function untilSaid(id: string, text: string): Promise<void> {
  while (!(await bench.runs.lines(ORG, id)).some((line) => line.text.includes(text))) await sleep(50);
}

function answersOf({ id }: Run): unknown[] {
  return bench.answers.filter(
    ({ input, operation }) => input.taskToken === `token-agent-${id}` && operation === 'SendTaskSuccess',
  );
}

async function journalOf({ id }: Run): Promise<string> {
  const keys = await bench.artifacts.keys(`runs/${ORG}/${id}/journal/`);
  return (await Promise.all(keys.map((key) => bench.artifacts.text(key)))).join('');
}

it('stops at its next write when another task has taken over, and answers nothing', {
  timeout: 90_000,
}, async () => {
  const run = await filed('taken', 12);
  const first = bench.start('agent', run);
  await untilSaid(run.id, 'runs: sleep');
  const second = bench.start('agent', run);

  expect((await first.ended).code).toBe(143);
  expect((await second.ended).code).toBe(0);
  expect(answersOf(run)).toHaveLength(1);
  expect(await bench.runs.find(ORG, run.id)).toMatchObject({ lease: 2, headSha: expect.any(String) });
});

it('goes on after SIGTERM with its edit in place, and tells the model what was interrupted', {
  timeout: 90_000,
}, async () => {
  const run = await filed('ended', 40);
  const first = bench.start('agent', run);
  await untilSaid(run.id, 'runs: sleep');
  const began = Date.now();
  first.child.kill('SIGTERM');
  expect((await first.ended).code).toBe(143);
  expect(Date.now() - began).toBeLessThan(20_000);

  const { code, printed } = await bench.start('agent', run).ended;
  expect(code, printed).toBe(0);
  expect(await journalOf(run)).toMatch(/Interrupted by a restart/);
  expect(await journalOf(run)).toMatch(/tap_orders\/client.py \| 2 \+-/);
  const { patchKey = '' } = (await bench.runs.find(ORG, run.id)) ?? {};
  expect(await bench.artifacts.text(patchKey)).toContain('-            if not cursor or len(records)');
});

it('keeps a partial change when a lead stops it', { timeout: 90_000 }, async () => {
  const run = await filed('halted', 6);
  const { ended } = bench.start('agent', run);
  await untilSaid(run.id, 'runs: sleep');
  await bench.runs.update(ORG, run.id, {
    control: { wish: 'stop', by: 'Dana', at: new Date().toISOString() },
  });

  expect((await ended).code).toBe(0);
  expect(JSON.stringify(answersOf(run))).toMatch(
    /Dana stopped it. A partial change is kept, not verified: tap_orders\/client.py/,
  );
  const { partial } = (await bench.runs.find(ORG, run.id)) ?? {};
  expect(partial).toMatchObject({
    ...{ isVerified: false, report: expect.stringMatching(/Dana stopped it[\s\S]*Used: 2 of 60 steps/) },
  });
  expect(await bench.artifacts.text(partial?.patchKey ?? '')).toContain('diff --git a/tap_orders/client.py');
});
