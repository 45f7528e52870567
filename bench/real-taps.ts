import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Step, TapReport } from '#core/taps/step.ts';

/**
 * `node bench/real-taps.ts [NAME …]`: two versions each of published taps, targets and things called so, as two commits;
 * what `taps verify` and `taps postman` say of them, beside what a person found right (real-taps.json). `--keep` writes what is
 * said now. Their build files run as they do in `pip install`; nothing of them is kept.
 */
const run = promisify(execFile);
const say = (text: string) => process.stdout.write(`${text}\n`);

interface Pair {
  name: string;
  from: string;
  to: string;
  /** The outcome in one line, as a person who looked at it found it right. */
  expected: string;
}

const BUILDERS = [
  'setuptools',
  'wheel',
  'poetry-core',
  'hatchling',
  'hatch-vcs',
  'setuptools-scm',
  'flit-core',
  'pdm-backend',
];
const kept = join(import.meta.dirname, 'real-taps.json');
const pairs: Pair[] = JSON.parse(await readFile(kept, 'utf8'));
const named = process.argv.slice(2).filter((one) => !one.startsWith('-'));
const folder = await mkdtemp(join(tmpdir(), 'signalbox-real-taps-'));
const python = join(folder, 'venv', 'bin', 'python');
const counts = { passed: 0, failed: 0, skipped: 0 };

if (await isReachable())
  for (const pair of pairs) if (named.length === 0 || named.includes(pair.name)) await judge(pair);
await rm(folder, { recursive: true, force: true });
if (process.argv.includes('--keep')) await writeFile(kept, `${JSON.stringify(pairs, null, 2)}\n`);
say(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;

async function isReachable(): Promise<boolean> {
  await run('python3', ['-m', 'venv', join(folder, 'venv')]);
  const found = await run(python, ['-m', 'pip', 'install', '-q', ...BUILDERS]).then(
    () => true,
    () => false,
  );
  if (!found) counts.skipped = pairs.length;
  if (!found) say('skipped  everything: no package index answers');
  return found;
}

async function judge(pair: Pair): Promise<void> {
  const began = performance.now();
  const place = await repositoryOf(pair);
  const outcome = place ? await outcomeOf(place) : undefined;
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  const isRight = outcome === pair.expected;
  counts[outcome === undefined ? 'skipped' : isRight ? 'passed' : 'failed']++;
  const mark = outcome === undefined ? 'skipped' : isRight ? 'ok     ' : 'CHANGED';
  say(`${mark} ${pair.name} ${pair.from} → ${pair.to} (${seconds} s): ${outcome ?? 'not to be had'}`);
  if (outcome !== undefined && !isRight) say(`        before: ${pair.expected}`);
  if (outcome !== undefined) pair.expected = outcome;
}

/** A repository with the older version as its first commit and the newer one as its second. */
async function repositoryOf({ name, from, to }: Pair): Promise<string | undefined> {
  const place = join(folder, name);
  const git = (...args: string[]) =>
    run('git', ['-C', place, '-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args]);
  await mkdir(place);
  await git('init', '-q');
  for (const version of [from, to]) {
    const archive = await source(name, version);
    if (!archive) return undefined;
    for (const one of await readdir(place))
      if (one !== '.git') await rm(join(place, one), { recursive: true });
    await run('tar', [
      '-xf',
      archive,
      '-C',
      place,
      '--strip-components=1',
      '--exclude=*.egg-info',
      '--exclude=*/PKG-INFO',
    ]);
    await git('add', '-A', '-f');
    await git('commit', '-qm', version);
  }
  return place;
}

async function source(name: string, version: string): Promise<string | undefined> {
  const into = join(folder, 'archives', name, version);
  const options = ['-q', '--no-deps', '--ignore-requires-python', '--no-binary', ':all:', '-d', into];
  const fetched = (...more: string[]) =>
    run(python, ['-m', 'pip', 'download', ...options, ...more, `${name}==${version}`]).catch(() => undefined);
  // With the builders that are there already it is faster; some projects want others.
  if (!(await fetched('--no-build-isolation'))) await fetched();
  const [file] = await readdir(into).catch(() => []);
  return file && join(into, file);
}

async function outcomeOf(place: string): Promise<string> {
  const verified = (await signalbox('verify', place, '--base', 'HEAD~1', '--json')) as
    | TapReport
    | { error: string };
  if ('error' in verified) return verified.error.replace(/:.*/, '');
  const found = await signalbox('postman', place, '--out', join(folder, 'collection.json'), '--json');
  return [verified.kind, verified.sdk, ...verified.steps.flatMap(told), inventoryTold(found)].join('; ');
}

/** The steps that tell most; of a comparison its numbers, which do not change with the libraries installed. */
function told({ id, verdict, class: of, rule, detail, isPreExisting, isMended }: Step): string[] {
  if (
    !/^(?:[TG][2-7]|G8)$/.test(id) ||
    (verdict === 'SKIP' && /^(?:not reached|only an SDK|there )/.test(detail))
  )
    return [];
  const seen = isPreExisting ? ' as before' : isMended ? ' mended' : '';
  const [counted = ''] =
    (id === 'T5' || id === 'T6') && verdict !== 'INCONCLUSIVE'
      ? (/^(?:\d+ streams|\d+ changes, \d+|no difference)/.exec(detail) ?? [])
      : [];
  return [[id, verdict, of && `${of}/${rule}`, counted].filter(Boolean).join(' ') + seen];
}

function inventoryTold(found: { streams?: { unread: string[] }[]; error?: string }): string {
  if (!found.streams)
    return /is a target|made while it runs/.exec(found.error ?? '')?.[0] ?? 'no stream read';
  const whole = found.streams.filter(({ unread }) => unread.length === 0).length;
  return `${found.streams.length} streams read, ${whole} wholly`;
}

async function signalbox(...args: string[]) {
  const done = run(process.execPath, ['bin/cli.ts', 'taps', ...args], { maxBuffer: 100_000_000 });
  const { stdout, stderr } = await done.catch((error: { stdout: string; stderr: string }) => error);
  const [last = ''] = stderr.trim().split('\n').slice(-1);
  return JSON.parse(stdout || last);
}
