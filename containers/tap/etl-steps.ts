import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isError } from '#core/singer/report.ts';
import { failureIn, failureOf } from '#core/taps/failure.ts';
import { Digests } from '#core/taps/outputs.ts';
import { list } from '#core/taps/patch.ts';
import { type Outcome, onPath } from '../command.ts';
import { installing } from '../python.ts';
import { beginning, lastLine, tests } from './common-steps.ts';
import { smokeTests } from './smoke-tests.ts';
import { staticChecks } from './static-steps.ts';
import { type Check, type Found, failed, pass, type Subject, skip } from './subject.ts';
import { loads } from './target-steps.ts';
import { validated } from './validate.ts';

const [python, parses] = beginning(() => 'E');

/** What is checked of an ETL script: it runs on given data, without a network. */
export const ETL_CHECKS: Check[] = [
  { id: 'E0', title: 'An interpreter fits', isMandatory: true, look: python?.look ?? smokeTests },
  { id: 'E1', title: 'Its requirements install', isMandatory: true, look: installs },
  {
    id: 'E2',
    title: 'It parses, and its tests pass',
    isMandatory: true,
    needs: ['E1'],
    look: parsesAndTests,
  },
  ...staticChecks('E2', 'E1'),
  { id: 'E3', title: 'It runs on given data', isMandatory: true, needs: ['E2'], look: runs },
  { id: 'E4', title: 'Its output is what a target takes', isMandatory: true, needs: ['E3'], look: isSound },
  { id: 'E5', title: 'What was recorded of it is repeated', needs: ['E1'], look: smokeTests },
  {
    id: 'E7',
    title: 'A target takes its output',
    needs: ['E4'],
    look: chains,
  },
  { id: 'E6', title: 'With its snapshots it sends no row again', needs: ['E4'], look: sendsNothingAgain },
];

async function installs({
  shop,
  environment: made,
  interpreter,
  hands,
  tree,
  reach,
}: Subject): Promise<Found> {
  reach('install');
  const named = (await shop.workspace.files(tree)).includes('requirements.txt');
  const commands = installing({
    interpreter,
    venv: made.venv,
    project: 'requirements.txt',
    extra: [],
    uv: onPath('uv') !== undefined,
  });
  const asked = commands.map((argv) => argv.map((word) => (word === '-e' ? '-r' : word)));
  for (const argv of named ? asked : asked.slice(0, 1)) {
    const { code, output } = await hands.run({ argv, cwd: made.repository, limit: 300_000 });
    if (code !== 0)
      return failed(failureOf({ code, stderr: output, isInstall: true }), lastLine(output), {
        log: output.slice(-4_000),
      });
  }
  return pass(named ? 'requirements.txt' : 'it names no requirements');
}

async function parsesAndTests(subject: Subject): Promise<Found> {
  const parsed = (await parses?.look(subject)) ?? skip('');
  if (parsed.verdict !== 'PASS') return parsed;
  const tested = await tests.look(subject);
  return tested.verdict === 'SKIP' ? { ...parsed, detail: `${parsed.detail}; ${tested.detail}` } : tested;
}

const INPUTS = ['sync-output', 'input', 'data'];

async function runs(subject: Subject): Promise<Found> {
  const { shop, tree, input, label } = subject;
  const inside = (await shop.workspace.files(tree)).some((path) =>
    INPUTS.some((name) => path.startsWith(`${name}/`)),
  );
  if (input === undefined && !inside) return skip('there is no sync-output to run it on: say --input FOLDER');
  const root = join(shop.folder, 'etl', label, 'root');
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  await shop.workspace.write(tree, root);
  if (input !== undefined) await cp(input, join(root, 'sync-output'), { recursive: true });
  await subject.hands.own(join(shop.folder, 'etl', label));
  const ran = await run(subject, root);
  if (ran.code !== 0 || ran.stopped) {
    const stopped = ran.stopped && { stopped: 'it did not end in time' };
    return failed(
      failureOf({ code: ran.code, stderr: ran.stderr, ...stopped }),
      `exit ${ran.code}: ${lastLine(ran.stderr)}`,
      { log: ran.stderr.slice(-4_000) },
    );
  }
  const files = await outputs(subject, root);
  subject.notes.outputs = root;
  if (files.length === 0)
    return failed(
      { class: 'CODE_ERROR', rule: 'no-output', line: 'etl-output is empty' },
      'It wrote nothing to etl-output',
    );
  return pass(`${ran.seconds.toFixed(1)} s: ${list(files)}`, { evidence: { files } });
}

function run({ hands, environment: made, reach }: Subject, root: string): Promise<Outcome> {
  reach('nothing');
  const env = {
    ...{
      ROOT_DIR: root,
      ROOT: root,
      base_input_dir: `${root}/sync-output`,
      output_dir: `${root}/etl-output`,
    },
    ...{
      snapshot_dir: `${root}/snapshots`,
      today: '2026-01-01',
      FLOW: 'flow',
      JOB_TYPE: 'sync',
      TENANT: 'tenant',
      HOME: root,
    },
  };
  const prepared = [
    'sh',
    '-c',
    'mkdir -p "$ROOT/etl-output" "$ROOT/snapshots"; exec "$@"',
    'sh',
    made.python,
    'etl.py',
  ];
  return hands.run({ argv: prepared, cwd: root, env, limit: 300_000, grace: 15_000, quiet: 120_000 });
}

async function outputs({ hands }: Subject, root: string): Promise<string[]> {
  const { stdout } = await hands.run({
    argv: ['sh', '-c', 'cd etl-output && find . -type f | head -200'],
    cwd: root,
  });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((path) => path.slice(2))
    .sort();
}

interface Output {
  file: string;
  sha256: string;
  records: number;
  found?: Found;
}

/** Reads every output as its own user: a link in it leads nowhere that its user may not go. */
async function readAll(subject: Subject): Promise<Output[]> {
  const root = subject.notes.outputs ?? '';
  const files = await outputs(subject, root);
  return Promise.all(files.map((file) => read(subject, join(root, 'etl-output', file), file)));
}

async function captured({ hands, shop }: Subject, path: string) {
  const into = join(shop.folder, 'captured', createHash('sha256').update(path).digest('hex'));
  const { sha256 = '', stdout } = await hands.run({ argv: ['cat', '--', path], cwd: '/', into });
  return { sha256, stdout, path: await hands.take(into) };
}

async function read(subject: Subject, path: string, file: string): Promise<Output> {
  const { sha256, stdout, path: taken } = await captured(subject, path);
  if (!file.endsWith('.singer'))
    return { file, sha256, records: Math.max(0, stdout.split('\n').filter(Boolean).length - 1) };
  const report = await validated({
    path: taken,
    secrets: subject.room.secrets(),
    replicationKeys: [],
    isLimited: true,
  });
  if (!report)
    return {
      file,
      sha256,
      records: 0,
      found: { verdict: 'INCONCLUSIVE', detail: `${file} could not be checked in time` },
    };
  const records = Object.values(report.streams).reduce((all, one) => all + one.records, 0);
  const failure = failureIn(report.violations.filter(isError));
  return {
    file,
    sha256,
    records,
    ...(failure && { found: failed(failure, `${file}: ${failure.line}`, { singer: report }) }),
  };
}

async function isSound(subject: Subject): Promise<Found> {
  const all = await readAll(subject);
  const evidence = { files: all.map(({ file, sha256, records }) => ({ file, sha256, records })) };
  const wrong = all.find(({ found }) => found)?.found;
  if (wrong) return { ...wrong, evidence };
  const records = all.reduce((sum, one) => sum + one.records, 0);
  subject.notes.counts = { records };
  subject.notes.digests = await digestsOf(subject);
  if (records === 0)
    return failed(
      { class: 'CODE_ERROR', rule: 'volume-zero', line: 'no row in any output' },
      'It wrote no row',
      { evidence },
    );
  return pass(`${records} rows in ${all.length} files`, { evidence });
}

/** Read as its own user; nothing where a file is not what its name says. */
async function digestsOf({ hands, environment: made, notes }: Subject): Promise<Digests | undefined> {
  const script = await readFile(join(import.meta.dirname, 'digest.py'), 'utf8');
  const argv = [made.python, '-I', '-c', script, join(notes.outputs ?? '', 'etl-output')];
  const { code, stdout } = await hands.run({ argv, cwd: '/', limit: 120_000 });
  return code === 0 ? Digests.parse(JSON.parse(stdout)) : undefined;
}

/** What the target that was named makes of it, at the mock. */
async function chains(subject: Subject): Promise<Found> {
  if (!subject.target) return skip('say --target FOLDER, the target that is to take it');
  const root = subject.notes.outputs ?? '';
  const file = (await outputs(subject, root)).find((name) => name.endsWith('.singer'));
  if (!file) return skip('it writes no Singer messages, and a target takes nothing else');
  const input = await captured(subject, join(root, 'etl-output', file));
  const target = await subject.target();
  if (typeof target === 'string') return { verdict: 'INCONCLUSIVE', detail: target };
  const found = await loads({ ...target, input: input.path });
  return { ...found, detail: `${target.facts.name}: ${found.detail}` };
}

async function sendsNothingAgain(subject: Subject): Promise<Found> {
  const root = subject.notes.outputs ?? '';
  const { stdout } = await subject.hands.run({
    argv: ['sh', '-c', 'ls snapshots | head; rm -rf etl-output'],
    cwd: root,
  });
  if (stdout.trim() === '') return skip('it wrote no snapshots');
  const ran = await run(subject, root);
  if (ran.code !== 0)
    return failed(failureOf({ code: ran.code, stderr: ran.stderr }), 'With its own snapshots it fails', {
      log: ran.stderr.slice(-4_000),
    });
  const again = (await readAll(subject)).reduce((sum, one) => sum + one.records, 0);
  const detail = `${again} rows again of ${subject.notes.counts?.records ?? 0}`;
  return again === 0 ? pass(detail) : { verdict: 'WARN', detail };
}
