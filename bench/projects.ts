import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TapReport } from '#core/taps/step.ts';
import { PROJECTS, writeProject } from '../test/taps/projects.ts';

/** `node bench/projects.ts`: every project made to fail, what it is told for, and the confusion matrix of the classes. */
const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'signalbox-bench-'));
const cells = new Map<string, number>();
const classes = new Set<string>();

for (const [name, { expected, kind }] of Object.entries(PROJECTS)) {
  const place = await writeProject(name, folder);
  const input = kind === 'target' ? ['--input', join(place, 'input.singer')] : [];
  const args = [
    'bin/cli.ts',
    'taps',
    'verify',
    place,
    '--json',
    '--config',
    join(place, 'config.json'),
    ...input,
  ];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 50_000_000 }).catch((error) => error);
  const { steps, verdict, seconds } = JSON.parse(stdout) as TapReport;
  const open = steps.find(({ verdict: one, class: of }) => of && one !== 'PASS' && one !== 'SKIP');
  const [wanted, got] = [expected?.class ?? 'none', open?.class ?? 'none'];
  for (const one of [wanted, got]) classes.add(one);
  cells.set(`${wanted} ${got}`, (cells.get(`${wanted} ${got}`) ?? 0) + 1);
  const mark =
    wanted === got && expected?.step === open?.id && expected?.rule === open?.rule ? 'ok   ' : 'WRONG';
  say(
    `${mark} ${name.padEnd(26)} ${verdict.padEnd(11)} ${[open?.id, open?.class, open?.rule].filter(Boolean).join(' ').padEnd(40)} ${seconds.toFixed(1)} s`,
  );
}
await rm(folder, { recursive: true, force: true });

const names = [...classes].sort();
say(`\nexpected down, told across\n${['', ...names].map(cell).join('')}`);
for (const wanted of names)
  say([wanted, ...names.map((got) => String(cells.get(`${wanted} ${got}`) ?? '.'))].map(cell).join(''));

function cell(text: string): string {
  return text.padEnd(15);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
