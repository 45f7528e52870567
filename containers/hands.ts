import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
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

/** Who runs what the model and the repository say: a user of their own with no credentials, where the machine has one. */
export interface Hands {
  run(command: Command): Promise<Outcome>;
  /** Gives a folder and all in it to the hands. */
  own(folder: string): Promise<void>;
  /** Ends everything that still runs under the hands' user. */
  sweep(): Promise<void>;
  /** Whether commands run under another user than ours: else they could read our environment. */
  isolated: boolean;
  /** First in their `PATH` from now on. */
  prefer(folder: string): void;
}

const LIMIT = 300_000;
const GRACE = 5_000;
/** How long output is waited for after its command has ended: something outside its group may hold the pipe. */
const LEFTOVERS = 500;
const MAX_OUTPUT = 4_000_000;

/** What commands may know of our environment. Proxies only without a password in them. */
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];

/** Numbers that no account uses, one per process of ours, so that two tasks on one machine never sweep each other. */
const FIRST_USER = 61_000;
const USERS = 4_000;

/** `folder` must be one that every user may enter. */
export async function hands(folder: string): Promise<Hands> {
  const setpriv = process.getuid?.() === 0 ? onPath('setpriv') : undefined;
  const uid = Number(process.env.HANDS_UID ?? FIRST_USER + (process.pid % USERS));
  const as = setpriv ? [setpriv, ...privileges(uid), ...SEARCH] : [];
  const preferred: string[] = [];
  const home = join(folder, 'home');
  await mkdir(join(home, 'tmp'), { recursive: true });

  const environment = () => ({
    ...allowed(),
    PATH: [...preferred, process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter),
    HOME: home,
    TMPDIR: join(home, 'tmp'),
    LANG: 'C.UTF-8',
    TERM: 'dumb',
  });
  const self: Hands = {
    run: (command) => run({ ...command, argv: [...as, ...command.argv] }, environment()),
    own: async (owned) => {
      if (setpriv) await mustRun(['chown', '-R', '-h', `${uid}:${uid}`, owned]);
    },
    sweep: async () => {
      if (setpriv)
        await run({ argv: [setpriv, ...privileges(uid), 'kill', '-9', '-1'], cwd: '/' }, environment());
    },
    isolated: setpriv !== undefined,
    prefer: (first) => void preferred.unshift(first),
  };
  await self.own(home);
  return self;
}

/** The program is looked for after the change of user: what only we may reach is not found. */
const SEARCH = ['/bin/sh', '-c', 'exec "$@"', 'sh'];

function privileges(uid: number): string[] {
  return [
    '--no-new-privs',
    '--bounding-set=-all',
    '--inh-caps=-all',
    `--reuid=${uid}`,
    `--regid=${uid}`,
    '--clear-groups',
    '--',
  ];
}

function allowed(): Record<string, string> {
  const proxies = PROXIES.flatMap((name) => {
    const value = process.env[name];
    return value && !value.includes('@') ? [[name, value]] : [];
  });
  return Object.fromEntries(proxies);
}

async function mustRun(argv: string[]): Promise<void> {
  const { code, output } = await run({ argv, cwd: '/' }, { PATH: process.env.PATH ?? '' });
  if (code !== 0) throw new Error(`${argv[0]} failed: ${output.slice(0, 500)}`);
}

async function run(command: Command, env: Record<string, string>): Promise<Outcome> {
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
