import { mkdtempSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { contained } from '#containers/contained.ts';
import { Repository } from '#core/projects/project.ts';
import { elsewhere } from './elsewhere.ts';
import { ORG, type Workbench, workbench } from './workbench.ts';

const repository = Repository.parse({
  ...{ fullName: 'acme/tap', cloneUrl: 'https://f.example/acme/tap.git', apiUrl: 'https://f.example/api' },
  kind: 'tap',
});

let bench: Workbench;
let there: Awaited<ReturnType<typeof elsewhere>>;
beforeAll(async () => {
  bench = await workbench();
  there = await elsewhere();
});
beforeEach(() => {
  const access = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  for (const [name, value] of Object.entries({ ...access, ...there.env })) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await there.stop();
  await bench.stop();
});

it('runs what nobody trusts in a task of its own, which knows of no credential', async () => {
  const work = mkdtempSync('/tmp/signalbox-strict-work-');
  const told: string[] = [];
  const say = async (text: string) => void told.push(text);
  const hands = await contained({
    folder: work,
    repository,
    reporter: { name: 'Eve' },
    say,
    progress: () => {},
  });
  const { stdout } = await hands.run({ argv: ['sh', '-c', 'env; echo $PPID'], cwd: '/' });
  await hands.run({ argv: ['curl', '-sS', '-m', '5', 'https://evil.example'], cwd: '/' });
  await hands.close();
  rmSync(work, { recursive: true, force: true });

  expect(stdout).toMatch(/^HTTPS_PROXY=/m);
  expect(stdout).not.toMatch(/of-the-task|AWS_|BRAIN_|HANDS_/);
  expect(told).toEqual([
    'a command was refused a connection to evil.example:443: the project does not name it',
  ]);
});

it('asks for a task that exists, or says that it was not started', async () => {
  vi.stubEnv('HANDS_TASK', 'nothing');

  await expect(
    contained({ folder: '/tmp', repository, say: async () => {}, progress: () => {} }),
  ).rejects.toThrow(/not found/);
});

it('mends a tap whose commands all run in that other task', { timeout: 120_000 }, async () => {
  const run = await bench.file('mends');
  const before = there.started();
  const implemented = await bench.start('agent', run, there.env).ended;
  const verified = await bench.start('verify', run, there.env).ended;

  expect(implemented.printed).toContain('"next":"verify"');
  expect(verified, verified.printed).toMatchObject({ code: 0 });
  expect((await bench.runs.find(ORG, run.id))?.verification).toMatchObject({ verdict: 'passed' });
  expect(there.started()).toBe(before + 2);
});
