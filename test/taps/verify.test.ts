import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Step, TapReport } from '#core/taps/step.ts';
import { PROJECTS, writeProject } from './projects.ts';

const LIMIT = 300_000;
const FULL = Boolean(process.env.SIGNALBOX_FULL);
const run = promisify(execFile);
const cli = join(import.meta.dirname, '../../bin/cli.ts');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-projects-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Told {
  report: TapReport;
  exit: number;
  text: string;
}

async function verify(place: string, ...args: string[]): Promise<Told> {
  const input = PROJECTS_WITH_INPUT.test(basename(place)) ? ['--input', join(place, 'input.singer')] : [];
  const argv = [
    cli,
    'taps',
    'verify',
    place,
    '--json',
    '--unsandboxed',
    '--config',
    join(place, 'config.json'),
  ];
  const done = run(process.execPath, [...argv, ...input, ...args], { maxBuffer: 50_000_000 });
  const { stdout, code } = await done.then(
    ({ stdout: said }) => ({ stdout: said, code: 0 }),
    (error: { stdout: string; code: number }) => error,
  );
  return { report: JSON.parse(stdout), exit: code, text: stdout };
}

const PROJECTS_WITH_INPUT = /target|sink/;

/** The first step that leaves something open. */
function firstOpen({ steps }: TapReport): Step | undefined {
  return steps.find(({ verdict, class: of }) => verdict !== 'PASS' && verdict !== 'SKIP' && of !== undefined);
}

/** At full size every project; else one of each kind of end. */
const QUICK = ['10-target-swallows-400', '12-etl-nan', '14-old-python'];
/** Two minutes of silence are waited for. */
const chosen = Object.keys(PROJECTS).filter((name) => FULL || QUICK.includes(name));

describe('a project made to fail', () => {
  it.each(chosen)('is told for what it is: %s', { timeout: LIMIT }, async (name) => {
    const { expected } = PROJECTS[name] ?? {};
    const { report } = await verify(await writeProject(name, folder));
    const open = firstOpen(report);

    expect(open && { step: open.id, class: open.class, rule: open.rule }).toEqual(expected);
    expect(report.verdict === 'verified').toBe(expected === undefined);
  });
});

it('keeps a rotated token, and shows neither the old nor the new one', { timeout: LIMIT }, async () => {
  const place = await writeProject('08-oauth-rotates', folder);
  const page = join(place, 'report.html');
  const { report, exit, text } = await verify(place, '--html', page);
  const { refresh_token: kept } = JSON.parse(await readFile(join(place, 'config.json'), 'utf8'));

  expect(exit).toBe(0);
  expect(report.steps.find(({ id }) => id === 'T12')?.evidence).toEqual({
    rotated: ['refresh_token'],
    printsSecrets: true,
  });
  expect(kept).toMatch(/^rotated-(rotated-)*first-refresh-token$/);
  for (const shown of [text, await readFile(page, 'utf8')])
    expect(shown).not.toContain('first-refresh-token');
});

it('shows what was red before a change and is green with it', { timeout: LIMIT }, async () => {
  const place = await writeProject('05-wrong-types', folder);
  const git = (...args: string[]) =>
    run('git', ['-C', place, '-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args]);
  await git('init', '-q');
  await git('add', '-A');
  await git('commit', '-qm', 'wrong types');
  const sound = await writeProject('01-static', folder);
  await copyFile(join(sound, 'tap_own.py'), join(place, 'tap_own.py'));
  const { exit, report } = await verify(place, '--base', 'HEAD');

  expect(report.steps.find(({ id }) => id === 'T9')).toMatchObject({ verdict: 'PASS', isMended: true });
  expect({ exit, verdict: report.verdict }).toEqual({ exit: 0, verdict: 'verified' });
});
