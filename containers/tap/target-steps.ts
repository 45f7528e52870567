import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { givenIn, mistyped } from '#core/singer/input.ts';
import { type TargetState, targetState } from '#core/singer/target-state.ts';
import { dummyConfig } from '#core/taps/facts.ts';
import type { Failure } from '#core/taps/failure.ts';
import { list } from '#core/taps/patch.ts';
import { about, beginning, lastLine, tests } from './common-steps.ts';
import type { Ran } from './room.ts';
import { type Check, type Found, failed, failureOfRun, pass, ranBy, type Subject, skip } from './subject.ts';

const id = (number: number) => `G${number}`;

/** What is checked of a target. Whatever it sends goes to a mock on this machine: none of its steps reaches an API. */
export const TARGET_CHECKS: Check[] = [
  ...beginning(id),
  { ...about, id: 'G3', needs: ['G2'] },
  { ...tests, id: 'G4', needs: ['G2'] },
  { id: 'G5', title: 'Its modules can be imported', isMandatory: true, needs: ['G2'], look: imports },
  { id: 'G6', title: 'It takes nothing, and says so', isMandatory: true, needs: ['G5'], look: takesNothing },
  { id: 'G7', title: 'Every record arrives at a mock', isMandatory: true, needs: ['G6'], look: loads },
  { id: 'G8', title: 'It refuses what it must, and tells what was refused', needs: ['G7'], look: refuses },
  { id: 'G9', title: 'The same input again is not sent again', needs: ['G7'], look: repeats },
  {
    id: 'G10',
    title: 'A record is written to a sandbox account',
    look: async () => skip('it writes to a real account: a person does that'),
  },
];

async function imports({ facts, hands, environment: made }: Subject): Promise<Found> {
  const names = facts.modules.filter((name) => !/^tests?$/.test(name));
  const code = `import importlib, pkgutil, sys
for name in sys.argv[1:]:
    for one in pkgutil.iter_modules(importlib.import_module(name).__path__, name + "."):
        if not one.name.endswith("__main__"): importlib.import_module(one.name)`;
  const { code: exit, stderr } = await hands.run({
    argv: [made.python, '-c', code, ...names],
    cwd: made.out,
    limit: 60_000,
  });
  if (exit === 0) return pass(names.length > 0 ? list(names) : 'it has one module, which its script imports');
  return failed({ class: 'CODE_ERROR', rule: 'import', line: lastLine(stderr) }, lastLine(stderr), {
    log: stderr.slice(-4_000),
  });
}

type Mode = 'ok' | '400' | '401' | '429';

/** Runs the target on some messages beside the mock. */
async function load(
  subject: Subject,
  input: string,
  { mode = 'ok' as Mode, state = '' } = {},
): Promise<Ran & { state: TargetState }> {
  const { facts, room, environment: made, interpreter, isLive } = subject;
  subject.reach('nothing');
  const mock = await readFile(join(import.meta.dirname, 'mock.py'), 'utf8');
  const ran = await room.run({
    program: interpreter.argv[0] ?? '',
    args: [
      '-I',
      'mock.py',
      mode,
      join(made.bin, facts.script ?? ''),
      '--config',
      'config.json',
      ...(state ? ['--state', 'state.json'] : []),
    ],
    files: { 'mock.py': mock, ...(state && { 'state.json': state }) },
    input,
    limit: 300_000,
    // A token that the mock gives out is nobody's.
    instead: isLive ? {} : dummyConfig(facts),
  });
  return { ...ran, state: targetState(ran.stdout) };
}

async function takesNothing(subject: Subject): Promise<Found> {
  const ran = await load(subject, '');
  const failure = failureOfRun(ran, subject);
  if (failure) return failed(failure, `exit ${ran.code}: ${lastLine(ran.stderr)}`, ranBy(ran));
  const [noise] = ran.state.noise;
  if (noise !== undefined)
    return failed(
      { class: 'CODE_ERROR', rule: 'stdout-not-state', line: noise },
      'it printed what is no state',
      ranBy(ran),
    );
  return pass(ran.state.isSilent ? 'no state' : 'an empty state', ranBy(ran));
}

async function loads(subject: Subject): Promise<Found> {
  const input = await inputOf(subject);
  if (input === undefined) return skip('there are no Singer messages to load: say --input FILE');
  const ran = await load(subject, input);
  const given = givenIn(input);
  const writes = writesOf(ran);
  const { summary } = ran.state;
  const more = {
    ...ranBy(ran),
    evidence: {
      given: given.streams,
      summary,
      writes: countedBy(writes),
      refused: ran.state.errors.slice(0, 5),
    },
  };
  const failure = failureOfRun(ran, subject);
  if (failure) return failed(failure, `exit ${ran.code}: ${lastLine(ran.stderr)}`, more);
  const fault = faultIn(ran.state, given);
  if (fault) return failed(fault, fault.line, more);
  subject.notes.state = lastLine(ran.stdout);
  subject.notes.counts = { writes: writes.length };
  const records = Object.values(given.streams).reduce((all, one) => all + one, 0);
  return pass(
    `${records} records of ${Object.keys(given.streams).length} streams, ${writes.length} writes at the mock`,
    more,
  );
}

/** Exit code 0 says nothing: refused records and streams that nobody takes are in the state, or not even there. */
function faultIn(
  { summary, errors, noise, isSilent }: TargetState,
  { streams, hasState }: ReturnType<typeof givenIn>,
): Failure | undefined {
  if (noise[0] !== undefined) return { class: 'CODE_ERROR', rule: 'stdout-not-state', line: noise[0] };
  if (isSilent && hasState)
    return { class: 'CODE_ERROR', rule: 'no-state', line: 'it was given a STATE, and printed none' };
  if (!summary) return undefined;
  const sinks = new Map(Object.entries(summary).map(([name, one]) => [plain(name), one]));
  const sinkless = Object.keys(streams).filter((name) => streams[name] && !sinks.has(plain(name)));
  if (sinkless.length > 0)
    return {
      class: 'CODE_ERROR',
      rule: 'unknown-sink',
      line: `nothing takes ${list(sinkless)}, and nothing says so`,
    };
  const refused = Object.entries(summary).filter(([, { fail }]) => fail > 0);
  if (refused.length > 0) {
    const counts = refused.map(([name, { fail }]) => `${name}: ${fail} refused`).join(', ');
    return {
      class: 'DATA_QUALITY',
      rule: 'records-refused',
      line: `${counts}; ${errors[0] ?? 'no reason given'}`,
    };
  }
  const lost = Object.entries(streams).filter(([name, count]) => taken(sinks.get(plain(name))) < count);
  if (lost.length > 0)
    return {
      class: 'DATA_QUALITY',
      rule: 'records-lost',
      line: `fewer taken than given of ${list(lost.map(([name]) => name))}`,
    };
  return undefined;
}

function taken(sink?: { success: number; existing: number; updated: number }): number {
  return sink ? sink.success + sink.existing + sink.updated : 0;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function writesOf({ trace }: Ran): { what: string; body: string }[] {
  const all = trace.flatMap((one) => ('mock' in one ? [{ what: one.mock, body: one.body }] : []));
  return all.filter(
    ({ what }) => /^(?:POST|PUT|PATCH|DELETE) /.test(what) && !/token|oauth|login|auth/i.test(what),
  );
}

function countedBy(writes: { what: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { what } of writes.slice(0, 10_000)) counts[what] = (counts[what] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).slice(0, 50));
}

/** The messages given, or a recording that the project keeps. */
async function inputOf({ input, shop, tree }: Subject): Promise<string | undefined> {
  if (input !== undefined) return readFile(input, 'utf8');
  const [found] = (await shop.workspace.files(tree)).filter(
    (path) => path.endsWith('.singer') && !/invalid|negative|error/.test(path),
  );
  return found === undefined ? undefined : shop.workspace.read(tree, found);
}

async function refuses(subject: Subject): Promise<Found> {
  const input = (await inputOf(subject)) ?? '';
  const { schema = '', record = '' } = givenIn(input);
  const accepts = async (text: string, mode: Mode = 'ok') => !isTold(await load(subject, text, { mode }));
  const odd: string[] = [];
  if (await accepts(`${record}\n`)) odd.push('it accepts a record before its schema');
  if (await accepts(`${schema}\n${mistyped(record)}\n`)) odd.push('it accepts a record of another type');
  if (!subject.notes.counts?.writes) return refusal(odd, []);
  const hidden: string[] = [];
  for (const mode of ['400', '401'] as const) if (await accepts(input, mode)) hidden.push(`HTTP ${mode}`);
  if (!(await accepts(input, '429'))) odd.push('it gives up at the first HTTP 429');
  return refusal(odd, hidden);
}

function isTold({ code, state }: { code: number | null; state: TargetState }): boolean {
  return code !== 0 || Object.values(state.summary ?? {}).some(({ fail }) => fail > 0);
}

function refusal(odd: string[], hidden: string[]): Found {
  const evidence = { odd, hidden };
  if (hidden.length > 0) {
    const line = `${list(hidden)} at every record, and it reports none`;
    return failed({ class: 'DATA_QUALITY', rule: 'swallowed', line }, 'It hides what was refused', {
      evidence,
    });
  }
  return odd.length > 0
    ? { verdict: 'WARN', detail: odd.join('; '), evidence }
    : pass('refused and told', { evidence });
}

async function repeats(subject: Subject): Promise<Found> {
  const first = subject.notes.counts?.writes ?? 0;
  if (first === 0) return skip('it sent nothing to the mock');
  const state = String(subject.notes.state ?? '');
  const ran = await load(subject, (await inputOf(subject)) ?? '', { state });
  const failure = failureOfRun(ran, subject);
  if (failure) return failed(failure, `with its own state, exit ${ran.code}`, ranBy(ran));
  const posts = writesOf(ran).filter(({ what }) => what.startsWith('POST '));
  if (posts.length === 0) return pass(`${first} writes before, no POST again`, ranBy(ran));
  return {
    verdict: 'WARN',
    detail: `${posts.length} POSTs again of ${first} writes: records may be doubled`,
    ...ranBy(ran),
  };
}
