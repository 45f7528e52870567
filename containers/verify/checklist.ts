import type { Repository } from '#core/projects/project.ts';
import type { CheckResult, Verification } from '#core/runs/run.ts';
import { checkAdded, HOST_PATTERN, hosts } from '#core/taps/added.ts';
import { changes, checkPatch, type Patch, result } from '#core/taps/patch.ts';
import { isTestFile, judge, type TestFile, type TestReport } from '#core/taps/tests.ts';
import { type Findings, verification } from '#core/taps/verify.ts';
import { offlineChecks } from '../tap/offline.ts';
import { type Environment, environment, interpreterFor, type Shop, textOf, unpack } from './environment.ts';
import { runTests, type TestRun } from './run-tests.ts';

export interface ChecklistOptions extends Shop {
  /** The commit that the change starts from. */
  base: string;
  kind: Repository['kind'];
  /** Who reads what it gives; nothing where nobody has said. */
  consumers?: Repository['consumers'];
}

export interface Checklist {
  /** The base commit's environment, once; or why there can be none. */
  baseline(): Promise<Baseline | string>;
  /** Everything, in fresh folders and a fresh environment, as often as asked. */
  verify(head: string): Promise<Verification>;
}

export interface Baseline {
  environment: Environment;
  tests: TestRun;
}

const NOT_VERIFIED = ['a sync against the live API: no credentials are used here'];

/** The checks of a change, against the same checks of the commit that it starts from. */
export function checklist(options: ChecklistOptions): Checklist {
  let made: Promise<Baseline | string> | undefined;
  const baseline = () => {
    made ??= baselineOf(options);
    return made;
  };
  return { baseline, verify: (head) => verify(options, { head, baseline }) };
}

async function baselineOf(options: ChecklistOptions): Promise<Baseline | string> {
  const interpreter = await interpreterFor(options, options.base);
  if (typeof interpreter === 'string') return interpreter;
  const made = await environment(options, { tree: options.base, name: 'base', interpreter });
  if (made.install.verdict !== 'PASS') return `The project does not install as it is: ${made.install.detail}`;
  return { environment: made, tests: await runTests(options.hands, made, options.signal) };
}

interface Subject {
  head: string;
  baseline: Checklist['baseline'];
}

async function verify(options: ChecklistOptions, { head, baseline }: Subject): Promise<Verification> {
  const { workspace, base } = options;
  const raw = await workspace.diff(base, head, '--raw', '-z', '--no-abbrev');
  const patch = { changes: changes(raw), diff: await workspace.diff(base, head) };
  const findings: Findings = {
    baseSha: base,
    headSha: head,
    checks: inspect(patch, await knownHosts(options)),
    timedOut: false,
    notVerified: NOT_VERIFIED,
  };
  if (findings.checks.some(({ verdict }) => verdict === 'FAIL')) return verification(findings);

  const changed = patch.changes.map(({ path }) => path);
  const [before, after] = await Promise.all([baseline(), headOf(options, head)]);
  if (typeof before === 'string') return verification({ ...findings, infrastructure: before });
  if (typeof after === 'string')
    return verification({ ...findings, checks: [...findings.checks, noPython(after)] });
  return verification(await compared(options, { findings, changed, before, after }));
}

/** Every check of a patch that needs nothing but its text and the hosts that the code before it names. */
export function inspect(patch: Patch, known: string[]): CheckResult[] {
  return [...checkPatch(patch), ...checkAdded(patch.diff, known)];
}

export async function knownHosts({
  workspace,
  base,
}: Pick<ChecklistOptions, 'workspace' | 'base'>): Promise<string[]> {
  return hosts(await workspace.grep(base, HOST_PATTERN));
}

function noPython(why: string): CheckResult {
  return result('python', 'An interpreter fits', false, why);
}

async function headOf(options: ChecklistOptions, head: string): Promise<Environment | string> {
  const interpreter = await interpreterFor(options, head);
  if (typeof interpreter === 'string') return interpreter;
  return environment(options, { tree: head, name: 'head', interpreter });
}

/** Which tests ran on which code. */
const NAMES: Record<string, string> = {
  head: 'With the change',
  overlay: 'The new tests on the old code',
  former: 'The old tests on the new code',
};

interface Both {
  findings: Findings;
  changed: string[];
  before: Baseline;
  after: Environment;
}

async function compared(options: ChecklistOptions, both: Both): Promise<Findings> {
  const { findings, changed, before, after } = both;
  const checks = [...findings.checks, after.install];
  if (after.install.verdict !== 'PASS') return { ...findings, checks };

  if ('failed' in before.tests)
    return { ...findings, checks, infrastructure: `As the project is: ${before.tests.failed}` };
  const compiles = await compile(options, after, changed);
  const { headSha, baseSha } = findings;
  const [head, overlay] = await Promise.all([
    runTests(options.hands, after, options.signal),
    overlaid(options, { code: before.environment, onto: baseSha, from: headSha, changed, name: 'overlay' }),
  ]);
  const former = await overlaid(options, {
    code: after,
    onto: headSha,
    from: baseSha,
    changed,
    name: 'former',
  });
  const runs = { base: before.tests, overlay: overlay ?? before.tests, head, former: former ?? head };
  const broken = Object.entries(runs).find(([, run]) => 'failed' in run);
  if (broken) {
    const [name, run] = broken as [string, Extract<TestRun, { failed: string }>];
    const failed = result('tests', 'The tests pass', false, `${NAMES[name]}: ${run.failed}`);
    return { ...findings, checks: [...checks, compiles, failed], timedOut: run.timedOut };
  }
  const judged = judge(reports(runs), await testFiles(options, findings.headSha, changed));
  const { checks: own, notVerified } = await offlineChecks(options, options.kind, {
    head: { tree: headSha, label: 'head', environment: after },
    base: { tree: baseSha, label: 'base', environment: before.environment },
    readers: options.consumers,
  });
  const all = [...checks, compiles, ...judged.checks, ...own];
  return { ...findings, judged, checks: all, notVerified: [...findings.notVerified, ...notVerified] };
}

function reports(runs: Record<'base' | 'overlay' | 'head' | 'former', TestRun>) {
  const report = (run: TestRun) => (run as { report: TestReport }).report;
  const { base, overlay, head, former } = runs;
  return { base: report(base), overlay: report(overlay), head: report(head), former: report(former) };
}

const PARSE =
  'import ast,os,sys\nfor f in sys.argv[1:]:\n  if os.path.isfile(f): ast.parse(open(f,"rb").read(), f)';

async function compile({ hands }: ChecklistOptions, { python, repository }: Environment, changed: string[]) {
  const files = changed.filter((path) => path.endsWith('.py'));
  const { code, output, seconds } = await hands.run({
    argv: [python, '-c', PARSE, ...files],
    cwd: repository,
  });
  const detail = code === 0 ? `${files.length} Python files parse` : output.slice(-2_000);
  return { ...result('compiles', 'The changed files parse', code === 0, detail), seconds };
}

interface Overlay {
  /** Where the code under test is installed. */
  code: Environment;
  onto: string;
  from: string;
  changed: string[];
  name: string;
}

/**
 * The tests of one commit on the code of another: a new test has to be red on the old code, and an old one green on the
 * new. Undefined when there are no tests to carry over.
 */
async function overlaid(
  { workspace, hands, signal, ...shop }: ChecklistOptions,
  { code, onto, from, changed, name }: Overlay,
): Promise<TestRun | undefined> {
  const tests = changed.filter(isTestFile);
  if (tests.length === 0) return undefined;
  const tree = await workspace.overlay(onto, from, tests);
  const place = await unpack({ workspace, hands, ...shop }, tree, name);
  return runTests(hands, { ...code, repository: `${place}/repository`, out: `${place}/out` }, signal);
}

async function testFiles(
  { workspace, base }: ChecklistOptions,
  head: string,
  changed: string[],
): Promise<TestFile[]> {
  const paths = changed.filter((path) => isTestFile(path) && path.endsWith('.py'));
  return Promise.all(
    paths.map(async (path) => ({
      path,
      before: await textOf(workspace, base, path),
      after: await textOf(workspace, head, path),
    })),
  );
}
