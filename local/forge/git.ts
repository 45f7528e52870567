import { spawn } from 'node:child_process';
import { devNull } from 'node:os';

export interface GitResult {
  code: number;
  stdout: Buffer;
  stderr: string;
}

interface GitOptions {
  cwd: string;
  env?: Record<string, string>;
  input?: string | Buffer;
}

/** Before every subcommand: no hooks run, whoever owns the folder, and no background housekeeping outlives a command. */
export const SAFE_CONFIG = [
  '-c',
  `core.hooksPath=${devNull}`,
  '-c',
  'safe.directory=*',
  '-c',
  'gc.auto=0',
  '-c',
  'receive.autogc=false',
  '-c',
  'maintenance.auto=false',
  '-c',
  'commit.gpgSign=false',
];

/** What git may see of our environment: nothing of the user's configuration, credentials or prompts. */
export function gitEnvironment(home: string, extra: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_TERMINAL_PROMPT: '0',
    ...extra,
  };
}

/** Runs git and answers its exit code and output. Rejects only if git cannot be started. */
export function runGit(args: readonly string[], { cwd, env, input }: GitOptions): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', [...SAFE_CONFIG, ...args], { cwd, env: gitEnvironment(cwd, env) });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => {}); // a git that ended without reading its input reports that by its exit code
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code: code ?? -1, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }),
    );
    child.stdin.end(input);
  });
}

/** Runs git and answers its trimmed output. Throws when it fails, with what it said. */
export async function git(args: readonly string[], options: GitOptions): Promise<string> {
  const { code, stdout, stderr } = await runGit(args, options);
  if (code !== 0) throw new Error(`git ${args.join(' ')} failed (${code}): ${stderr.trim()}`);
  return stdout.toString().replace(/\n$/, '');
}
