import { givenIn } from '#core/singer/input.ts';
import { targetState } from '#core/singer/target-state.ts';
import { list } from '#core/taps/patch.ts';
import { doubling } from '#core/taps/repeats.ts';
import { faultIn } from './accepted.ts';
import { lastLine } from './common-steps.ts';
import { countedBy, inputOf, load, writesOf } from './load.ts';
import type { Ran } from './room.ts';
import { type Found, failed, failureOfRun, pass, ranBy, type Subject, skip } from './subject.ts';

/** Whether the same input with the state of the first run makes it write what it has written already. */
export async function repeats(subject: Subject): Promise<Found> {
  const { writes: first = [] } = subject.notes;
  if (first.length === 0) return skip('it sent nothing to the mock');
  const state = String(subject.notes.state ?? '');
  const ran = await load(subject, (await inputOf(subject)) ?? '', { state });
  const failure = failureOfRun(ran, subject);
  if (failure) return failed(failure, `with its own state, exit ${ran.code}`, ranBy(ran));
  const again = writesOf(ran);
  const doubled = doubling(first, again);
  const evidence = { first: countedBy(first), again: countedBy(again), doubled: countedBy(doubled) };
  const counts = `${first.length} writes before, ${again.length} again`;
  if (doubled.length === 0)
    return pass(`${counts}, none of which makes a new record`, { ...ranBy(ran), evidence });
  const which = list(
    Object.entries(evidence.doubled).map(([what, count]) => `${what} (${count})`),
    5,
  );
  return {
    verdict: 'WARN',
    detail: `${counts}; these may double records: ${which}`,
    ...ranBy(ran),
    evidence,
  };
}

/** One record to an account that a person says may be written to: nothing but its hosts can be reached. */
export async function writesOne(subject: Subject): Promise<Found> {
  const { hands, isLive, sandbox = [] } = subject;
  if (sandbox.length === 0 || !isLive)
    return skip(
      'it writes to a real account: say --sandbox HOST of one that may be written to, with its --config',
    );
  if (!hands.isolated || !hands.fenced)
    return skip('nothing on this machine keeps it from other hosts than that one');
  const { schema, record } = givenIn((await inputOf(subject)) ?? '');
  if (!schema || !record) return skip('there is no record to write: say --input FILE');
  const input = `${schema}\n${record}\n`;
  const first = await send(subject, input);
  const made = wrote(first);
  const refused = faultOf(subject, first, input) ?? (made.length === 0 ? nothing(first) : undefined);
  if (refused) return refused;
  const again = await send(subject, input, lastLine(first.stdout));
  const doubtful = faultOf(subject, again, input);
  if (doubtful) return { ...doubtful, detail: `It was written, but not again: ${doubtful.detail}` };
  const anew = doubling(made.map(asWrite), wrote(again).map(asWrite));
  const evidence = { wrote: made, again: wrote(again) };
  const left = `${list(made)}; it stays there until somebody removes it`;
  if (anew.length > 0)
    return {
      verdict: 'WARN',
      detail: `${left}. Sent again, it was made a second time`,
      ...ranBy(first),
      evidence,
    };
  return pass(`${left}. Sent again, it was known`, { ...ranBy(first), evidence });
}

function send(subject: Subject, input: string, state = ''): Promise<Ran> {
  const { room, facts, reach } = subject;
  reach('sandbox');
  return room.run({
    program: facts.script ?? '',
    args: ['--config', 'config.json', ...(state ? ['--state', 'state.json'] : [])],
    ...(state && { files: { 'state.json': state } }),
    input,
  });
}

function nothing(ran: Ran): Found {
  const line = 'no write was answered as done';
  return failed({ class: 'DATA_QUALITY', rule: 'nothing-written', line }, line, ranBy(ran));
}

function faultOf(subject: Subject, ran: Ran, input: string): Found | undefined {
  const failure = failureOfRun(ran, subject);
  if (failure) return failed(failure, `exit ${ran.code}: ${lastLine(ran.stderr)}`, ranBy(ran));
  const fault = faultIn(targetState(ran.stdout), givenIn(input));
  return fault && failed(fault, fault.line, ranBy(ran));
}

/** Writes that were answered as done: `POST host/path 201`. */
function wrote({ trace }: Ran): string[] {
  return trace.flatMap((one) =>
    'status' in one &&
    one.status < 300 &&
    /^(?:POST|PUT|PATCH)$/.test(one.method) &&
    !/token|oauth|login|auth/i.test(one.path)
      ? [`${one.method} ${one.host}${one.path}`]
      : [],
  );
}

function asWrite(what: string) {
  return { what, isUpdate: false };
}
