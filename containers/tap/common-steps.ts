import * as z from 'zod';
import { scriptOf, settingsOf } from '#core/taps/facts.ts';
import { failureOf, installCause, isOutside } from '#core/taps/failure.ts';
import { list } from '#core/taps/patch.ts';
import { isTestFile } from '#core/taps/tests.ts';
import { environment } from '../verify/environment.ts';
import { runTests } from '../verify/run-tests.ts';
import { type Check, type Found, failed, failureOfRun, pass, ranBy, type Subject, skip } from './subject.ts';

const PARSE = `import ast, os, sys
count = 0
for folder, names, files in os.walk("."):
    names[:] = [n for n in names if not n.startswith(".") and n not in ("node_modules", "venv", "build", "dist")]
    for name in files:
        if name.endswith(".py"):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                ast.parse(file.read(), path)
            count += 1
print(count)`;

/** The steps that every kind of integration begins with; each kind numbers them its own way. */
export function beginning(id: (number: number) => string): Check[] {
  const install = {
    id: id(2),
    title: 'It installs in a fresh environment',
    isMandatory: true,
    needs: [id(1)],
  };
  return [
    { id: id(1), title: 'An interpreter fits', isMandatory: true, look: python },
    { id: id(0), title: 'Its Python files parse', isMandatory: true, needs: [id(1)], look: parses },
    { ...install, look: installs },
  ];
}

export const about = { title: 'It starts and tells what it is', look: tellsOfItself };
export const tests = { title: 'Its own tests pass', look: testsPass };

async function python({ interpreter }: Subject): Promise<Found> {
  return pass(`Python ${interpreter.version}`);
}

async function parses({ hands, interpreter, environment: made }: Subject): Promise<Found> {
  const argv = [...interpreter.argv, '-I', '-S', '-c', PARSE];
  const { code, stdout, stderr } = await hands.run({ argv, cwd: made.repository, limit: 60_000 });
  if (code === 0) return pass(`${stdout.trim()} files`);
  return failed(failureOf({ code, stderr }), lastLine(stderr));
}

async function installs(subject: Subject): Promise<Found> {
  const { shop, tree, label, interpreter, facts, hands } = subject;
  subject.reach('install');
  const made = await environment(shop, { tree, name: label, interpreter });
  const { detail, verdict } = made.install;
  if (verdict !== 'PASS')
    return failed(failureOf({ code: 1, stderr: detail, isInstall: true }), installCause(detail), {
      log: detail,
    });
  const argv = [made.python, '-c', FREEZE];
  const { stdout } = await hands.run({ argv, cwd: made.repository, limit: 60_000 });
  const { packages, scripts } = Installed.parse(JSON.parse(stdout));
  const script = scriptOf(scripts);
  if (script) facts.script = script;
  const evidence = { packages: packages.slice(0, 300) };
  if (facts.kind !== 'etl' && !facts.script) {
    const line = 'it installs no command';
    return failed({ class: 'INSTALL', rule: 'no-script', line }, line, { evidence });
  }
  return pass(`${packages.length} packages${facts.script ? `, ${facts.script}` : ''}`, { evidence });
}

const Installed = z.object({ packages: z.array(z.string()), scripts: z.array(z.string()) });

/** Everything that is installed, and the commands of the project itself, which is installed as a link to its folder. */
const FREEZE = `import json, os
from importlib.metadata import distributions
every = list(distributions())
own = [x for x in every if '"editable": true' in (x.read_text("direct_url.json") or "")
       or os.path.realpath(x.locate_file("")).startswith(os.path.realpath(os.getcwd()))]
print(json.dumps({
    "packages": sorted({"%s==%s" % (x.metadata["Name"], x.version) for x in every}),
    "scripts": [e.name for x in own for e in x.entry_points if e.group == "console_scripts"],
}))`;

async function tellsOfItself(subject: Subject): Promise<Found> {
  const { facts, room } = subject;
  if (facts.sdk !== 'hotglue' && facts.sdk !== 'singer-sdk') return skip('only an SDK knows --about');
  subject.reach('nothing');
  const ran = await room.run({
    program: facts.script ?? '',
    args: ['--about', '--format', 'json'],
    limit: 60_000,
  });
  const failure = failureOfRun(ran, subject);
  if (failure) return failed(failure, lastLine(ran.stderr), ranBy(ran));
  try {
    const { name, sdk_version, settings } = JSON.parse(ran.stdout);
    Object.assign(facts.sample, { ...settingsOf(settings), ...facts.sample });
    return pass(`${name}, SDK ${sdk_version}`, ranBy(ran));
  } catch {
    const line = ran.stdout.slice(0, 200);
    return failed({ class: 'CODE_ERROR', rule: 'stdout-not-json', line }, 'it printed no JSON', ranBy(ran));
  }
}

/** Tests that need a network or credentials say nothing here: they are named, and not counted. */
async function testsPass(subject: Subject): Promise<Found> {
  const { hands, environment: made, shop, tree } = subject;
  if (!(await shop.workspace.files(tree)).some(isTestFile)) return skip('there are no tests');
  subject.reach('nothing');
  const run = await runTests(hands, made, shop.signal);
  if ('failed' in run)
    return failed(
      failureOf({ code: 1, stderr: run.failed, ...(run.timedOut && { stopped: 'it took too long' }) }),
      lastLine(run.failed),
    );
  const all = Object.entries(run.report.tests).map(([name, one]) => ({ name, ...one }));
  if (all.length === 0) return skip('there are no tests');
  const red = all.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
  const why = red.map((one) => ({
    ...one,
    failure: failureOf({ code: 1, stderr: one.detail, modules: subject.facts.modules }),
  }));
  const outside = why.filter(({ failure }) => isOutside(failure));
  const lacking = why.filter(
    ({ failure, detail }) => failure.rule === 'dependency-missing' && isInTest(detail),
  );
  const [first] = why.filter((one) => !outside.includes(one) && !lacking.includes(one));
  const evidence = {
    red: red.map(({ name }) => name).slice(0, 100),
    withoutCredentials: outside.map(({ name }) => name).slice(0, 100),
  };
  const skipped = all.filter(({ outcome }) => outcome === 'skip').length;
  const passed = all.filter(({ outcome }) => outcome === 'pass').length;
  const counts = `${passed} of ${all.length} pass${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  if (first)
    return failed(
      first.failure,
      `${counts}; red: ${list(
        red.map(({ name }) => name),
        5,
      )}`,
      { evidence, log: first.detail },
    );
  const [lacks] = lacking;
  if (lacks)
    return {
      ...failed(lacks.failure, `${counts}; ${lacking.length} cannot be run: ${lacks.failure.line}`, {
        evidence,
      }),
      verdict: 'INCONCLUSIVE',
      advice: 'Name what the tests need as an extra or a dependency group called test.',
    };
  if (outside.length === all.length) return skip(`all ${all.length} need credentials or a network`);
  return pass(outside.length > 0 ? `${counts}; the others need credentials or a network` : counts, {
    evidence,
  });
}

/** Whether the last file of the project that an error came through is one of its tests. */
function isInTest(detail: string): boolean {
  const paths = [...detail.matchAll(/([\w./-]+\.py)(?:", line|:\d+)/g)].map(([, path = '']) => path);
  const own = paths
    .map((path) => path.replace(/^.*\/repository\//, ''))
    .filter((path) => !path.startsWith('/'));
  return isTestFile(own.at(-1) ?? '');
}

export function lastLine(text: string): string {
  return (text.trimEnd().split('\n').at(-1) ?? '').slice(0, 500);
}
