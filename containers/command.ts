import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Command {
  argv: string[];
  cwd: string;
  /** Milliseconds; then SIGTERM, and five seconds later SIGKILL to all that it started. */
  limit?: number;
  input?: string;
  env?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Outcome {
  code: number | null;
  timedOut: boolean;
  /** Standard output and error as they came, together; at most `MAX_OUTPUT` bytes of the beginning and as many of the end. */
  output: string;
  /** Standard output alone, under the same limit. */
  stdout: string;
  /** Standard error alone, under the same limit. */
  stderr: string;
  seconds: number;
}

const LIMIT = 300_000;
const GRACE = 5_000;
/** How long output is waited for after its command has ended: something outside its group may hold the pipe. */
const LEFTOVERS = 500;
const MAX_OUTPUT = 4_000_000;

/** Runs a command in a group of its own, with this environment and no other, to its end or its limit. */
export async function run(command: Command, env: Record<string, string>): Promise<Outcome> {
  const { argv, cwd, limit = LIMIT, input, signal } = command;
  const began = performance.now();
  const [file = '', ...args] = argv;
  const child = spawn(file, args, {
    cwd,
    env: { ...env, ...command.env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const stdout = kept();
  const stderr = kept();
  const both = kept();
  child.stdout?.on('data', (chunk: Buffer) => [stdout, both].map(({ add }) => add(chunk)));
  child.stderr?.on('data', (chunk: Buffer) => [stderr, both].map(({ add }) => add(chunk)));
  const { code, timedOut } = await end(child, limit, signal);
  return {
    code,
    timedOut,
    output: both.text(),
    stdout: stdout.text(),
    stderr: stderr.text(),
    seconds: (performance.now() - began) / 1_000,
  };
}

/** Waits for the child itself, then ends what it left behind: a daemon that holds the pipe open is not waited for. */
function end(
  child: ChildProcess,
  limit: number,
  signal?: AbortSignal,
): Promise<{ code: number | null; timedOut: boolean }> {
  return new Promise((resolve) => {
    let timedOut = false;
    let killer: NodeJS.Timeout | undefined;
    const terminate = () => {
      endGroup(child, 'SIGTERM');
      killer = setTimeout(() => endGroup(child, 'SIGKILL'), GRACE);
    };
    const timer = setTimeout(() => {
      timedOut = true;
      terminate();
    }, limit);
    signal?.addEventListener('abort', terminate, { once: true });
    const done = (code: number | null) => {
      clearTimeout(timer);
      clearTimeout(killer);
      signal?.removeEventListener('abort', terminate);
      resolve({ code, timedOut });
    };
    child.on('error', () => done(127));
    child.on('close', done);
    child.on('exit', (code) => {
      endGroup(child, 'SIGKILL');
      setTimeout(() => done(code), LEFTOVERS).unref();
    });
    if (signal?.aborted) terminate();
  });
}

function endGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (!pid) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended by itself.
  }
}

/** The first and the last bytes of something that may be endless. */
function kept() {
  const head: Buffer[] = [];
  let headBytes = 0;
  let tail = Buffer.alloc(0);
  let cut = false;
  const add = (chunk: Buffer) => {
    if (headBytes < MAX_OUTPUT) {
      head.push(chunk);
      headBytes += chunk.length;
      return;
    }
    tail = Buffer.concat([tail, chunk]);
    cut ||= tail.length > MAX_OUTPUT;
    if (tail.length > MAX_OUTPUT) tail = tail.subarray(tail.length - MAX_OUTPUT);
  };
  const text = () => `${Buffer.concat(head)}${cut ? '\n[…]\n' : ''}${tail}`;
  return { add, text };
}

/** The full path of a program, if it is installed. */
export function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
