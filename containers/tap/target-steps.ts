import { givenIn, mistyped } from '#core/singer/input.ts';
import type { TargetState } from '#core/singer/target-state.ts';
import { list } from '#core/taps/patch.ts';
import { faultIn } from './accepted.ts';
import { about, beginning, lastLine, tests } from './common-steps.ts';
import { countedBy, inputOf, load, type Mode, writesOf } from './load.ts';
import { staticChecks } from './static-steps.ts';
import { type Check, type Found, failed, failureOfRun, pass, ranBy, type Subject, skip } from './subject.ts';
import { repeats, writesOne } from './target-writes.ts';

const id = (number: number) => `G${number}`;

/** What is checked of a target. Whatever it sends goes to a mock on this machine: none of its steps reaches an API. */
export const TARGET_CHECKS: Check[] = [
  ...beginning(id),
  ...staticChecks('G0', 'G2'),
  { ...about, id: 'G3', needs: ['G2'] },
  { ...tests, id: 'G4', needs: ['G2'] },
  { id: 'G5', title: 'Its modules can be imported', isMandatory: true, needs: ['G2'], look: imports },
  { id: 'G6', title: 'It takes nothing, and says so', isMandatory: true, needs: ['G5'], look: takesNothing },
  { id: 'G7', title: 'Every record arrives at a mock', isMandatory: true, needs: ['G6'], look: loads },
  { id: 'G8', title: 'It refuses what it must, and tells what was refused', needs: ['G7'], look: refuses },
  { id: 'G9', title: 'The same input again is not sent again', needs: ['G7'], look: repeats },
  {
    id: 'G10',
    title: 'A sandbox account takes a record, and knows it again',
    needs: ['G6'],
    look: writesOne,
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

/** Whether every record of its input arrives at the mock. */
export async function loads(subject: Subject): Promise<Found> {
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
  subject.notes.writes = writes;
  const records = Object.values(given.streams).reduce((all, one) => all + one, 0);
  return pass(
    `${records} records of ${Object.keys(given.streams).length} streams, ${writes.length} writes at the mock`,
    more,
  );
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
