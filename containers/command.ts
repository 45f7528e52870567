import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, createWriteStream, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';

export interface Command {
  argv: string[];
  cwd: string;
  /** Milliseconds; then SIGTERM, and five seconds (or `grace`) later SIGKILL to all that it started. */
  limit?: number;
  grace?: number;
  /** Milliseconds without a byte of output, after which it is stopped as well. */
  quiet?: number;
  /** A file for all of standard output, where only we may write; `most` bytes of it, then it is stopped. */
  into?: string;
  most?: number;
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
  /** What ended it, if it did not end by itself. */
  signal?: string;
  /** What it was stopped for. */
  stopped?: Stop;
  /** Of what went into the file. */
  sha256?: string;
}

export const STOPS = ['limit', 'quiet', 'most', 'asked'] as const;
export type Stop = (typeof STOPS)[number];

const LIMIT = 300_000;
const GRACE = 5_000;
/** How long output is waited for after its command has ended: something outside its group may hold the pipe. */
const LEFTOVERS = 500;
const MAX_OUTPUT = 4_000_000;

/** Runs a command in a group of its own, with this environment and no other, to its end or its limit. */
export async function run(command: Command, env: Record<string, string>): Promise<Outcome> {
  const { argv, cwd, input, into } = command;
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
  const filed = into && child.stdout ? fileOf(child.stdout, into) : undefined;
  const ended = await end(child, command);
  return {
    ...ended,
    timedOut: ended.stopped === 'limit' || ended.stopped === 'quiet',
    output: both.text(),
    stdout: stdout.text(),
    stderr: stderr.text(),
    seconds: (performance.now() - began) / 1_000,
    ...(filed && { sha256: await filed() }),
  };
}

/** Writes a stream into a file at the file's pace; the answer closes it and tells its digest. */
function fileOf(from: Readable, path: string): () => Promise<string> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = createWriteStream(path, { mode: 0o600 });
  const digest = createHash('sha256');
  let failure: Error | undefined;
  file.on('error', (error) => {
    failure = error;
  });
  from.on('data', (chunk: Buffer) => {
    digest.update(chunk);
    if (file.write(chunk) || failure) return;
    from.pause();
    file.once('drain', () => from.resume());
  });
  return async () => {
    await new Promise<void>((done) => void file.end(done));
    if (failure) throw failure;
    return digest.digest('hex');
  };
}

/** Waits for the child itself, then ends what it left behind: a daemon that holds the pipe open is not waited for. */
function end(child: ChildProcess, command: Command): Promise<Pick<Outcome, 'code' | 'signal' | 'stopped'>> {
  const { limit = LIMIT, grace = GRACE, quiet, most = Infinity, signal } = command;
  return new Promise((resolve) => {
    let stopped: Stop | undefined;
    let killer: NodeJS.Timeout | undefined;
    const stop = (why: Stop) => {
      if (stopped) return;
      stopped = why;
      endGroup(child, 'SIGTERM');
      killer = setTimeout(() => endGroup(child, 'SIGKILL'), grace);
    };
    const asked = () => stop('asked');
    const timer = setTimeout(() => stop('limit'), limit);
    const silence = quiet === undefined ? undefined : setTimeout(() => stop('quiet'), quiet);
    let bytes = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > most) stop('most');
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', () => silence?.refresh());
    signal?.addEventListener('abort', asked, { once: true });
    const done = (code: number | null, by?: NodeJS.Signals | null) => {
      for (const one of [timer, killer, silence]) clearTimeout(one);
      signal?.removeEventListener('abort', asked);
      resolve({ code, ...(by && { signal: by }), ...(stopped && { stopped }) });
    };
    child.on('error', () => done(127));
    child.on('close', done);
    child.on('exit', (code, by) => {
      endGroup(child, 'SIGKILL');
      setTimeout(() => done(code, by), command.into ? GRACE : LEFTOVERS).unref();
    });
    if (signal?.aborted) asked();
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
