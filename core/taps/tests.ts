import * as z from 'zod';
import type { CheckResult } from '../runs/run.ts';
import { list, result } from './patch.ts';

/** What one run of a project's tests said, by the tests' full names. A file that cannot be loaded is `load:module`. */
export const TestReport = z.object({
  framework: z.enum(['unittest', 'pytest']),
  tests: z.record(
    z.string(),
    z.object({ outcome: z.enum(['pass', 'fail', 'error', 'skip']), detail: z.string() }),
  ),
});
export type TestReport = z.infer<typeof TestReport>;

export interface TestRuns {
  /** At the base commit. */
  base: TestReport;
  /** The change's tests on the base commit's code: a new test must be red there. */
  overlay: TestReport;
  head: TestReport;
  /** The change's code under the tests as they were, when the change touches tests that were there. */
  former?: TestReport;
}

export interface TestFile {
  path: string;
  /** Undefined when it did not exist. */
  before?: string;
  after?: string;
}

export interface Judged {
  redBefore: string[];
  greenAfter: string[];
  redAfter: string[];
  checks: CheckResult[];
  /** Red before and still red: not this change's doing, and not its merit. */
  stillRed: string[];
}

const TEST_FILE = /(^|\/)tests?\/|(^|\/)(test_[^/]*|[^/]*_test|conftest)\.py$/;

export function isTestFile(path: string): boolean {
  return TEST_FILE.test(path);
}

/** Compares what the tests said before and after: names, outcomes and how much they assert. */
export function judge({ base, overlay, head, former = head }: TestRuns, files: TestFile[]): Judged {
  const redBefore = [...new Set([...red(base), ...red(overlay), ...unloaded(overlay, head)])].sort();
  const redAfter = red(head);
  /** A test that was there has to turn green in its old words; a new one has none. */
  const shows = (name: string) => !base.tests[name] || passes(former, name);
  const greenAfter = redBefore.filter((name) => passes(head, name) && shows(name));
  const stillRed = redAfter.filter((name) => base.tests[name] && isRed(base, name));
  const newlyRed = redAfter.filter((name) => !stillRed.includes(name));
  return {
    redBefore,
    greenAfter,
    redAfter,
    stillRed,
    checks: [
      kept(base, head),
      unchanged({ base, former, head }),
      asserting(files),
      redToGreen(greenAfter, redBefore),
      green(head, { newlyRed, stillRed }),
    ],
  };
}

function kept(base: TestReport, head: TestReport): CheckResult {
  const names = Object.keys(base.tests).filter((name) => !name.startsWith('load:'));
  const gone = names.filter((name) => !head.tests[name] && !isUnloaded(head, name));
  const skipped = names.filter((name) => skips(head, name) && !skips(base, name));
  const detail = [
    `${names.length} tests before, ${Object.keys(head.tests).length} after`,
    gone.length > 0 && `gone: ${list(gone)}`,
    skipped.length > 0 && `now skipped: ${list(skipped)}`,
  ];
  const passed = gone.length === 0 && skipped.length === 0;
  return result(
    'tests-kept',
    'No test was removed or switched off',
    passed,
    detail.filter(Boolean).join('; '),
  );
}

/** What passed before passes still when asked in the old words. */
function unchanged({ base, former, head }: Record<'base' | 'former' | 'head', TestReport>): CheckResult {
  const broken = red(former).filter((name) => passes(base, name) && !isRed(head, name));
  const detail =
    broken.length === 0
      ? 'The tests as they were before say nothing else'
      : `As they were before the change, these fail with it: ${list(broken)}. If they have to change, a person has to say so`;
  return result('tests-before', 'The tests of before still pass', broken.length === 0, detail);
}

function passes(report: TestReport, name: string): boolean {
  return report.tests[name]?.outcome === 'pass';
}

function asserting(files: TestFile[]): CheckResult {
  const weaker = files
    .filter(({ before, after }) => assertions(before) > assertions(after))
    .map(({ path }) => path);
  const detail =
    weaker.length === 0 ? 'No test file asserts less than before' : `Assert less: ${list(weaker)}`;
  return result('tests-strength', 'No test was weakened', weaker.length === 0, detail);
}

function redToGreen(greenAfter: string[], redBefore: string[]): CheckResult {
  const detail =
    greenAfter.length > 0
      ? `Red before, green now: ${list(greenAfter)}`
      : `No test shows the fault: ${redBefore.length} red before, none of them green now. Add one that fails without the change`;
  return result('red-green', 'A test was red and is green', greenAfter.length > 0, detail);
}

function green(
  head: TestReport,
  { newlyRed, stillRed }: { newlyRed: string[]; stillRed: string[] },
): CheckResult {
  const total = Object.keys(head.tests).length;
  const why = newlyRed.map((name) => `${name}:\n${head.tests[name]?.detail ?? ''}`).join('\n');
  const detail = [
    `${total - newlyRed.length - stillRed.length} of ${total} tests pass`,
    stillRed.length > 0 && `red before the change as well: ${list(stillRed)}`,
    newlyRed.length > 0 && `red now: ${list(newlyRed)}\n${why}`,
  ];
  const passed = newlyRed.length === 0 && total > 0;
  return result('tests', 'The tests pass', passed, detail.filter(Boolean).join('; '));
}

function red(report: TestReport): string[] {
  return Object.keys(report.tests)
    .filter((name) => isRed(report, name))
    .sort();
}

function isRed(report: TestReport, name: string): boolean {
  return ['fail', 'error'].includes(report.tests[name]?.outcome ?? '');
}

function skips(report: TestReport, name: string): boolean {
  return report.tests[name]?.outcome === 'skip';
}

/** Tests whose file could not even be loaded on the old code: they use something that only the change brings. */
function unloaded(overlay: TestReport, head: TestReport): string[] {
  return Object.keys(head.tests).filter((name) => isUnloaded(overlay, name));
}

function isUnloaded(report: TestReport, name: string): boolean {
  return Object.keys(report.tests).some(
    (one) => one.startsWith('load:') && name.startsWith(`${one.slice('load:'.length)}.`),
  );
}

/** What is true whatever the code does. */
const TRIVIAL =
  /\bassert\s+(?:True|1|not False)\b|\.assert(?:True|False|IsNotNone)\(\s*(?:True|False|1|0|None|['"][^'"]*['"])\s*\)|\.assert\w+\(\s*([\w.'"]+)\s*,\s*\1\s*\)/g;

/** Comments do not assert. */
function assertions(text = ''): number {
  const code = text.replace(/#.*$/gm, '').replace(TRIVIAL, '');
  return code.match(/\bassert\b|\.assert\w*\(|\bpytest\.(raises|warns|fail)\b|self\.fail\(/g)?.length ?? 0;
}
