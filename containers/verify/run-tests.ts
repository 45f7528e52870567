import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { TestReport } from '#core/taps/tests.ts';
import type { Hands } from '../hands.ts';

export interface TestPlace {
  repository: string;
  out: string;
  python: string;
}

export type TestRun =
  | { report: TestReport; seconds: number }
  | { failed: string; timedOut: boolean; seconds: number };

/** Less than the ten minutes that they have, where an operator says so. */
const Settings = z.object({ TEST_SECONDS: z.coerce.number().int().min(1).max(600).default(600) });

/** Runs all tests of a project. The runner goes in as text, so that no user needs to read our files. */
export async function runTests(hands: Hands, place: TestPlace, signal?: AbortSignal): Promise<TestRun> {
  const { TEST_SECONDS: most } = Settings.parse(process.env);
  const script = await readFile(join(import.meta.dirname, 'run_tests.py'), 'utf8');
  const file = join(place.out, `tests-${Date.now()}.json`);
  const argv = [place.python, '-c', script, file];
  const { timedOut, output, seconds } = await hands.run({
    argv,
    cwd: place.repository,
    limit: most * 1_000,
    signal,
  });
  const { stdout, code } = await hands.run({ argv: ['cat', '--', file], cwd: place.out, signal });
  const read = code === 0 ? TestReport.safeParse(json(stdout)) : undefined;
  if (read?.success) return { report: read.data, seconds };
  const why = timedOut ? `they were ended after ${most} s` : 'their process ended early';
  return { failed: `The tests did not come to an end, ${why}: ${output.slice(-2_000)}`, timedOut, seconds };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
