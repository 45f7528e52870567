import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Run } from '#core/runs/run.ts';
import { discard, git, temporary } from '../local/forge/open.ts';
import { ORG, type Workbench, workbench } from './workbench.ts';

const DEMO = resolve(import.meta.dirname, '../../local/demo/tap-orders');
const MEND = { path: 'tap_orders/client.py', old: ' or len(records) < self.page_size:', new: ':' };
const HANDOVER = { summary: 'Mended', rootCause: 'x', changes: [], tests: [], risks: [] };

let bench: Workbench;
beforeAll(async () => {
  bench = await workbench();
});
afterAll(async () => {
  await bench.stop();
  discard();
});

interface Edit {
  path: string;
  old: string;
  new: string;
}

function edit(folder: string, { path, old, new: wanted }: Edit): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  const text = old ? readFileSync(file, 'utf8') : '';
  expect(text).toContain(old);
  writeFileSync(file, old ? text.replace(old, wanted) : wanted);
}

/** A run whose engineer has handed over these edits; `broken` is what the project is like before. */
async function handedOver(name: string, edits: Edit[], broken: Edit[] = []): Promise<Run> {
  const from = temporary('project');
  cpSync(DEMO, from, { recursive: true });
  for (const one of broken) edit(from, one);
  const run = await bench.file(name, from);
  rmSync(from, { recursive: true });
  await change(run, edits);
  return run;
}

/** Puts a change where the engineer would. */
async function change({ id }: Run, edits: Edit[]): Promise<void> {
  const work = temporary('work');
  await git(work, 'clone', '--quiet', bench.bare(id.slice(4, -2)), '.');
  const baseSha = await git(work, 'rev-parse', 'HEAD');
  for (const one of edits) edit(work, one);
  await git(work, 'add', '-A');
  await git(work, 'commit', '--quiet', '-m', 'x');
  const patchKey = `runs/${ORG}/${id}/${await git(work, 'rev-parse', 'HEAD')}.mbox`;
  const patch = `${await git(work, 'format-patch', '--stdout', '--full-index', '--no-renames', 'HEAD^')}\n`;
  await bench.artifacts.put(patchKey, patch, 'text/plain');
  await bench.runs.update(ORG, id, { branch: 'fix/x', baseSha, patchKey, handover: HANDOVER });
}

async function verify({ id }: Run, env: Record<string, string> = {}) {
  const stored = (await bench.runs.find(ORG, id)) as Run;
  const { printed } = await bench.start('verify', stored, env).ended;
  const answer = bench.answers.findLast(
    ({ input, operation }) => input.taskToken === `token-verify-${id}` && operation !== 'SendTaskHeartbeat',
  );
  const { verification } = (await bench.runs.find(ORG, id)) as Run;
  return { printed, verification, ...JSON.parse(answer?.input.output ?? '{}') };
}

const HANGS = {
  path: 'tap_orders/client.py',
  old: 'import json\n',
  new: 'import json\nimport time\n\ntime.sleep(60)\n',
};
const NOT_RUN = expect.stringContaining('they did not all run to their end');

it('timed_out: tests that do not end go back to the engineer, and nothing is pushed', {
  timeout: 120_000,
}, async () => {
  const run = await handedOver('hangs', [HANGS]);
  const { printed, ...ended } = await verify(run, { TEST_SECONDS: '20' });

  expect(ended, printed).toMatchObject({
    next: 'retry',
    reason: expect.stringMatching(/timed_out.*With the change: The tests did not come to an end/s),
    verification: { verdict: 'timed_out', greenAfter: [], notVerified: expect.arrayContaining([NOT_RUN]) },
  });
  expect(await git(bench.bare('hangs'), 'branch', '--list')).not.toContain('fix/');
});

it.each([
  [
    'does not install',
    'broken',
    { path: 'pyproject.toml', old: 'build-backend = "backend"', new: 'build-backend = "gone"' },
  ],
  [
    'needs a Python that is not here',
    'newer',
    { path: 'pyproject.toml', old: 'requires-python = ">=3', new: 'requires-python = ">=9' },
  ],
])(
  'infrastructure: a project that %s goes to a person with the reason',
  { timeout: 120_000 },
  async (_, name, broken) => {
    const run = await handedOver(name, [MEND], [broken]);
    const { printed, ...ended } = await verify(run);

    expect(ended, printed).toMatchObject({
      next: 'escalate',
      reason: expect.stringMatching(/infrastructure.*It can be verified here/s),
      verification: { verdict: 'infrastructure', notVerified: expect.arrayContaining([NOT_RUN]) },
    });
  },
);

it('infrastructure: tests that never ended before either say nothing of the change', {
  timeout: 120_000,
}, async () => {
  const run = await handedOver('hung', [MEND], [HANGS]);
  const { printed, ...ended } = await verify(run, { TEST_SECONDS: '3' });

  expect(ended, printed).toMatchObject({
    next: 'escalate',
    reason: expect.stringContaining('As the project is: The tests did not come to an end'),
    verification: { verdict: 'infrastructure' },
  });
});

it('is fed back twice, and the third refusal goes to a person', { timeout: 120_000 }, async () => {
  const run = await handedOver('stubborn', [MEND]);
  const ends: string[] = [];
  for (const text of ['one', 'two', 'three']) {
    await change(run, [MEND, { path: '.github/workflows/ci.yml', old: '', new: `# ${text}\n` }]);
    ends.push((await verify(run)).next);
    // The same look, repeated after a crash, counts once.
    if (text === 'two') ends.push((await verify(run)).next);
  }

  expect(ends).toEqual(['retry', 'retry', 'retry', 'escalate']);
});
