import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Octokit } from 'octokit';
import { type Clock, systemClock } from '#local/clock.ts';
import { openForge } from '#local/forge/forge.ts';
import { openStore } from '#local/store.ts';

export const WRITER = 'writer-token';
export const READER = 'reader-token';

/** A forge on a port of its own with one repository, acme/tap; ended and emptied by `close`. */
export async function openTestForge({
  folder = temporary('forge'),
  clock = systemClock(),
}: {
  folder?: string;
  clock?: Clock;
} = {}) {
  const store = openStore(folder);
  const server = createServer((request, response) => void forge.handle(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const accounts = [
    { login: 'signalbox', token: WRITER, access: 'write', type: 'Bot' },
    { login: 'visitor', token: READER, access: 'read' },
  ] as const;
  const forge = openForge({ store, clock, origin: () => origin, accounts, visitor: 'dana' });
  const source = join(folder, 'source');
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, 'README.md'), '# tap\n');
  writeFileSync(join(source, 'client.py'), 'one = 1\ntwo = 2\nthree = 3\n');
  await forge.createRepository({ owner: 'acme', name: 'tap', from: source });

  /** Ends it as a crash would leave the folder; `close` also empties it. */
  async function stop(): Promise<void> {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    await forge.stop();
    store.close();
  }

  return {
    forge,
    store,
    folder,
    origin,
    bare: join(folder, 'forge/acme/tap.git'),
    stop,
    close: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
      discard();
    },
  };
}

export type TestForge = Awaited<ReturnType<typeof openTestForge>>;

export function octokit({ origin }: { origin: string }, auth: string | undefined = WRITER) {
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const options = {
    baseUrl: `${origin}/api/v3`,
    log: quiet,
    retry: { enabled: false },
    throttle: { enabled: false },
  };
  return new Octokit(auth ? { ...options, auth } : options);
}

const folders: string[] = [];

/** Removes every folder that {@link temporary} made. */
export function discard(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** A new folder, until {@link discard}. */
export function temporary(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `signalbox-${name}-`));
  folders.push(folder);
  return folder;
}

const run = promisify(execFile);

/** Plain git, as a stranger's machine has it. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const who = ['-c', 'user.name=Eve', '-c', 'user.email=eve@example.com', '-c', 'init.defaultBranch=main'];
  const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_GLOBAL: '/dev/null' };
  return (await run('git', [...who, ...args], { cwd, env })).stdout.trim();
}

export function cloneUrl({ origin }: { origin: string }, token?: string, name = 'acme/tap'): string {
  const auth = token ? `x-access-token:${token}@` : '';
  return `${origin.replace('http://', `http://${auth}`)}/${name}.git`;
}

/** Pushes a branch that changes `files` and answers the clone's folder. */
export async function pushBranch(
  forge: { origin: string },
  branch: string,
  files: Record<string, string> = { 'client.py': 'one = 1\ntwo = 22\nthree = 3\n' },
): Promise<string> {
  const work = temporary('work');
  await git(work, 'clone', '--quiet', cloneUrl(forge, WRITER), '.');
  await git(work, 'checkout', '--quiet', '-b', branch);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text);
  await git(work, 'add', '-A');
  await git(work, 'commit', '--quiet', '-m', `Change for ${branch}`);
  await git(work, 'push', '--quiet', 'origin', branch);
  return work;
}
