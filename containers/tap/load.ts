import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TargetState, targetState } from '#core/singer/target-state.ts';
import { dummyConfig } from '#core/taps/facts.ts';
import type { Write } from '#core/taps/repeats.ts';
import type { Ran } from './room.ts';
import type { Subject } from './subject.ts';

export type Mode = 'ok' | '400' | '401' | '429';

/** Runs the target on some messages beside the mock. */
export async function load(
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

/** What it wrote to the mock, in order. */
export function writesOf({ trace }: Ran): Write[] {
  const all = trace.flatMap((one) => ('mock' in one ? [{ what: one.mock, isUpdate: one.known }] : []));
  return all.filter(
    ({ what }) => /^(?:POST|PUT|PATCH|DELETE) /.test(what) && !/token|oauth|login|auth/i.test(what),
  );
}

export function countedBy(writes: { what: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { what } of writes.slice(0, 10_000)) counts[what] = (counts[what] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).slice(0, 50));
}

/** The messages given, or a recording that the project keeps. */
export async function inputOf({ input, shop, tree }: Subject): Promise<string | undefined> {
  if (input !== undefined) return readFile(input, 'utf8');
  const [found] = (await shop.workspace.files(tree)).filter(
    (path) => path.endsWith('.singer') && !/invalid|negative|error/.test(path),
  );
  return found === undefined ? undefined : shop.workspace.read(tree, found);
}
