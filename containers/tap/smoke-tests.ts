import { join } from 'node:path';
import { failureOf } from '#core/taps/failure.ts';
import { list } from '#core/taps/patch.ts';
import { type Outcome, onPath } from '../command.ts';
import { lastLine } from './common-steps.ts';
import { type Found, failed, pass, type Subject, skip } from './subject.ts';

/** Replays what a project recorded of its API, where it has such recordings. */
export async function smokeTests(subject: Subject): Promise<Found> {
  const { facts, hands, environment: made } = subject;
  if (!facts.hasSmokeTests) return skip('there is no __smoke-tests__');
  const install = await added(subject, 'hotglue-smoke-test');
  if (install.code !== 0)
    return {
      verdict: 'INCONCLUSIVE',
      detail: `hotglue-smoke-test could not be installed: ${lastLine(install.output)}`,
    };
  subject.reach('nothing');
  // The tool knows a target by the name of its folder.
  const copy = 'cp -a . "$1" && exec "$2" run --connector-directory "$1"';
  const argv = ['sh', '-c', copy, 'sh', join(made.out, facts.name), `${made.bin}/hotglue-smoke-test`];
  const env = { PATH: `${made.bin}:/usr/local/bin:/usr/bin:/bin` };
  const { code, output, stopped } = await hands.run({ argv, cwd: made.repository, limit: 600_000, env });
  if (code === 0) return pass(lastLine(output), { log: output.slice(-4_000) });
  const failure = failureOf({ code, stderr: output, ...(stopped && { stopped: 'it took too long' }) });
  const red = output.match(/(?<=ERROR: +✗ )\S+$/gm) ?? [];
  return failed(failure, red.length > 0 ? `not as recorded: ${list(red)}` : lastLine(output), {
    log: output.slice(-4_000),
  });
}

/** Installs a tool into the project's environment. */
export async function added(subject: Subject, name: string): Promise<Outcome> {
  const { hands, environment: made, interpreter } = subject;
  subject.reach('install');
  const pip = onPath('uv')
    ? ['uv', 'pip', 'install', '-q', '-p', made.python]
    : [...interpreter.argv, '-m', 'pip', '--python', made.python, 'install', '-q'];
  return hands.run({ argv: [...pip, name], cwd: made.repository, limit: 300_000 });
}
