import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Verification } from '#core/runs/run.ts';
import { git } from '../local/forge/open.ts';
import { ORG, scriptOf, type Workbench, workbench, writeScript } from './workbench.ts';

const FIX = {
  path: 'tap_orders/client.py',
  old: ' or len(records) < self.page_size:',
  new: ':',
};

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(() => bench.stop());

function lastAnswer(token: string) {
  return bench.answers.findLast(
    ({ input, operation }) => input.taskToken === token && operation !== 'SendTaskHeartbeat',
  );
}

function outputOf(token: string): { next: string; reason: string } {
  return JSON.parse(lastAnswer(token)?.input.output ?? '{}');
}

async function through(entry: 'agent' | 'verify', run: { id: string }, env?: Record<string, string>) {
  const stored = await bench.runs.find(ORG, run.id);
  if (!stored) throw new Error('no run');
  const { code, printed } = await bench.start(entry, stored, env).ended;
  return { code, printed, ...outputOf(`token-${entry}-${run.id}`) };
}

describe('the engineer and the verifier', { timeout: 120_000 }, () => {
  it('mend the demo tap and push its branch', { timeout: 180_000 }, async () => {
    const filed = await bench.file('mends');

    const implemented = await through('agent', filed);
    expect(implemented, implemented.printed).toMatchObject({ next: 'verify', code: 0 });
    const verified = await through('verify', filed);
    expect(verified, verified.printed).toMatchObject({ next: 'open', code: 0 });

    const run = await bench.runs.find(ORG, filed.id);
    expect(run).toMatchObject({
      branch: 'fix/ETL-mends-orders-are-missing-since-monday',
      baseSha: expect.any(String),
    });
    expect(await git(bench.bare('mends'), 'rev-parse', run?.branch ?? '')).toBe(run?.headSha);
    expect(Verification.parse(run?.verification)).toMatchObject({
      verdict: 'passed',
      greenAfter: [expect.stringMatching(/short_page/)],
      redAfter: [],
    });
    expect(run?.spentNanoUsd).toBeGreaterThan(0);
    expect((await bench.runs.costs(ORG, filed.id)).length).toBe(5);
    const lines = await bench.runs.lines(ORG, filed.id);
    expect(lines.map(({ text }) => text)).toContain('edits tap_orders/client.py');
  });

  it('keep every secret out of the commands, the journal and the log', async () => {
    const kept = await bench.artifacts.keys(`runs/${ORG}/run_mends_1/journal/`);
    const journal = (await Promise.all(kept.map((key) => bench.artifacts.text(key)))).join('');
    const lines = JSON.stringify(await bench.runs.lines(ORG, 'run_mends_1'));

    expect(journal).toContain('TMPDIR=');
    for (const text of [journal, lines]) {
      expect(text).not.toMatch(/AWS_|TASK_TOKEN|token-agent|forge-token|model-key|_ARN/);
    }
  });

  it('make the same commit when the step is repeated', async () => {
    const before = await bench.runs.find(ORG, 'run_mends_1');
    const again = await through('verify', { id: 'run_mends_1' });

    expect(again.next).toBe('open');
    expect((await bench.runs.find(ORG, 'run_mends_1'))?.headSha).toBe(before?.headSha);
  });

  it('start anew after kill -9', { timeout: 120_000 }, async () => {
    writeScript(bench, 'killed', scriptOf('ETL-killed', [FIX]));
    const filed = await bench.file('killed');
    const first = bench.start('agent', filed);
    while ((await bench.runs.lines(ORG, filed.id)).length < 2) await sleep(50);
    process.kill(-(first.child.pid ?? 0), 'SIGKILL');
    expect((await first.ended).code).toBeNull();
    expect(lastAnswer(`token-agent-${filed.id}`)).toBeUndefined();

    expect(await through('agent', filed)).toMatchObject({ next: 'verify', code: 0 });
    expect(await bench.runs.find(ORG, filed.id)).toMatchObject({ headSha: expect.any(String) });
  });

  it('answer nothing when stopped by SIGTERM', { timeout: 120_000 }, async () => {
    const filed = await bench.file('stopped');
    writeScript(bench, 'stopped', {
      match: { model: '.', system: ['engineer'], user: ['ETL-stopped'] },
      turns: [
        {
          content: [{ type: 'tool_use', name: 'bash', input: { command: 'sleep 60' } }],
          stop_reason: 'tool_use',
        },
      ],
    });
    const first = bench.start('agent', filed);
    while (!(await bench.runs.lines(ORG, filed.id)).some(({ text }) => text === 'runs: sleep 60'))
      await sleep(50);
    first.child.kill('SIGTERM');

    expect((await first.ended).code).toBe(143);
    expect(lastAnswer(`token-agent-${filed.id}`)).toBeUndefined();
  });

  it.each([
    ['no script covers the ticket', {}, 'No script covers'],
    ['the key is not there', { MODEL_SECRET_ARN: 'nowhere' }, 'no secret for the model'],
  ])('go to a person when %s', async (_, env, reason) => {
    const filed = await bench.file('uncovered');
    const ended = await through('agent', filed, env);

    expect(ended, ended.printed).toMatchObject({ next: 'escalate', code: 0 });
    expect(ended.reason.toLowerCase()).toContain(reason.toLowerCase());
  });
});

describe('the verifier', { timeout: 120_000 }, () => {
  it('sends a change back with what is wrong, and the engineer goes on from there', {
    timeout: 180_000,
  }, async () => {
    writeScript(bench, 'again-2', scriptOf('ETL-again', [gut('test_asks_for_the_page_size'), FIX]));
    writeScript(bench, 'again-1', {
      ...scriptOf('ETL-again', [restore('test_asks_for_the_page_size')]),
      match: { user: ['ETL-again', '<verification>', 'No test was removed'] },
    });
    const filed = await bench.file('again');

    await through('agent', filed);
    const refused = await through('verify', filed);
    expect(refused, refused.printed).toMatchObject({ next: 'retry', code: 0 });
    expect(refused.reason).toContain('gone: tests.test_client.Pagination.test_asks_for_the_page_size');
    expect(await git(bench.bare('again'), 'branch', '--list')).not.toContain('fix/');

    await through('agent', filed);
    const taken = await through('verify', filed);
    expect(taken, taken.printed).toMatchObject({ next: 'open', code: 0 });
  });

  it('leaves a branch alone that someone else has pushed to', async () => {
    const run = await bench.runs.find(ORG, 'run_mends_1');
    await git(bench.bare('mends'), 'branch', '-f', run?.branch ?? '', 'main');

    const ended = await through('verify', { id: 'run_mends_1' });

    expect(ended).toMatchObject({
      next: 'escalate',
      reason: expect.stringMatching(/Someone else has pushed/),
    });
  });

  it('passes nothing on that was not handed over', async () => {
    const filed = await bench.file('empty');

    expect(await through('verify', filed)).toMatchObject({ next: 'escalate', code: 0 });
  });
});

function gut(test: string) {
  return { path: 'tests/test_client.py', old: `def ${test}(`, new: `def no_${test}(` };
}

function restore(test: string) {
  return { path: 'tests/test_client.py', old: `def no_${test}(`, new: `def ${test}(` };
}
