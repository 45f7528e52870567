import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface Change {
  cloneUrl: string;
  token: string;
  base: string;
  branch: string;
}

/**
 * Believes nothing that the product says: clones the repository afresh, takes the branch's difference as a patch, and
 * answers whether the tests, red without the patch, are green with it. Throws when the patch does not apply.
 */
export async function prove({
  cloneUrl,
  token,
  base,
  branch,
}: Change): Promise<{ isRedBefore: boolean; isGreenAfter: boolean }> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-proof-'));
  try {
    const env = {
      ...process.env,
      ...basicAuth(token),
      PIP_NO_INDEX: '1',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
    };
    const git = (...args: string[]) => run('git', args, { cwd: folder, env, maxBuffer: 1 << 26 });
    await git('clone', '--quiet', '--branch', base, cloneUrl, 'clone');
    await git('-C', 'clone', 'fetch', '--quiet', 'origin', branch);
    const { stdout: patch } = await git('-C', 'clone', 'diff', '--binary', `origin/${base}...FETCH_HEAD`);
    await writeFile(join(folder, 'change.patch'), patch);

    const clone = join(folder, 'clone');
    const python = await environment(folder, clone, env);
    const isRedBefore = !(await testsPass(python, clone, env));
    await git('-C', 'clone', 'apply', '--check', '../change.patch');
    await git('-C', 'clone', 'apply', '../change.patch');
    return { isRedBefore, isGreenAfter: await testsPass(python, clone, env) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The token reaches git by the environment: an argument could be read in the process list. */
function basicAuth(token: string): Record<string, string> {
  const credentials = Buffer.from(`x-access-token:${token}`).toString('base64');
  return {
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${credentials}`,
  };
}

async function environment(folder: string, clone: string, env: NodeJS.ProcessEnv): Promise<string> {
  const venv = join(folder, 'venv');
  await run('python3', ['-m', 'venv', venv], { env });
  const python = join(venv, 'bin', 'python');
  await run(python, ['-m', 'pip', 'install', '--quiet', '--no-input', '-e', '.'], { cwd: clone, env });
  return python;
}

async function testsPass(python: string, cwd: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return run(python, ['-m', 'unittest'], { cwd, env, timeout: 120_000 }).then(
    () => true,
    () => false,
  );
}
