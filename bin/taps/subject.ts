import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Workspace, workspace } from '#adapters/git/workspace.ts';
import { hands } from '#containers/hands.ts';
import type { Phase } from '#containers/tap/subject.ts';
import type { Shop } from '#containers/verify/environment.ts';
import { MIRRORS } from '#core/agents/egress.ts';
import { HOST_PATTERN, hosts } from '#core/taps/added.ts';
import { CommandError, EXIT } from '../terminal.ts';

const run = promisify(execFile);

export interface Given {
  /** A folder or a clone URL. */
  place: string;
  base?: string;
  isUnsandboxed: boolean;
  /** Hosts of its API, besides those that its code names. */
  hosts: string[];
  /** Of an account that may be written to. */
  sandbox?: string[];
  signal?: AbortSignal;
}

export interface Bench {
  shop: Shop;
  head: string;
  base?: string;
  reach(phase: Phase): void;
  /** The tree of another folder of this machine. */
  treeOf(place: string): Promise<string>;
  close(): Promise<void>;
}

/** A project's trees, and hands to run them with, on this machine. Removes everything when closed. */
export async function bench({
  place,
  base,
  isUnsandboxed,
  hosts: named,
  sandbox = [],
  signal,
}: Given): Promise<Bench> {
  const folder = await mkdtemp(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'signalbox-taps-'));
  await chmod(folder, 0o711);
  const open: string[] = [];
  const made = await hands(join(folder), { hosts: open });
  const close = async () => {
    await made.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    if (!isUnsandboxed && !(made.isolated && made.fenced)) throw new CommandError(REFUSED, EXIT.failed);
    const git = await workspace({
      folder: join(folder, 'git'),
      url: place,
      token: '',
      ...(signal && { signal }),
    });
    const trees = await (isUrl(place)
      ? fetched(git, base)
      : copied(git, { place: resolve(place), folder, base }));
    const api = [...hosts(await git.grep(trees.head, HOST_PATTERN)), ...named];
    const allowed: Record<Phase, string[]> = { install: mirrors(), api, sandbox, nothing: [] };
    const reach = (phase: Phase) => void open.splice(0, open.length, ...allowed[phase]);
    return {
      shop: { workspace: git, hands: made, folder, ...(signal && { signal }) },
      ...trees,
      reach,
      treeOf: (other) => snapshot(git, resolve(other), join(folder, 'given-other')),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const REFUSED =
  'Its code would run as you, with your files and your network: commands can be kept apart on Linux as root only. ' +
  'If you trust it, say --unsandboxed. signalbox doctor tells what this machine lacks.';

function mirrors(): string[] {
  return process.env.PACKAGE_MIRRORS?.split(',') ?? MIRRORS;
}

function isUrl(place: string): boolean {
  return /^https?:\/\//.test(place);
}

async function fetched(git: Workspace, base?: string) {
  const head = await git.tree(await git.fetch('HEAD'));
  return { head, ...(base !== undefined && { base: await git.tree(await git.fetch(base)) }) };
}

const LEFT_OUT = new Set([
  '.git',
  '.venv',
  'venv',
  'node_modules',
  '__pycache__',
  '.tox',
  '.mypy_cache',
  '.pytest_cache',
]);

/** The folder as it is, what is not committed included; and one of its commits. */
async function copied(
  git: Workspace,
  { place, folder, base }: { place: string; folder: string; base?: string | undefined },
) {
  const head = await snapshot(git, place, join(folder, 'given'));
  return { head, ...(base !== undefined && { base: await committed(git, { place, folder, base }) }) };
}

async function snapshot(git: Workspace, place: string, copy: string): Promise<string> {
  const isFolder = await stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new CommandError(`${place} is not a folder`, EXIT.notFound);
  await cp(place, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !LEFT_OUT.has(basename(path)) || path === place,
  });
  return git.snapshot(copy);
}

async function committed(
  git: Workspace,
  { place, folder, base }: { place: string; folder: string; base: string },
): Promise<string> {
  const copy = join(folder, 'given-base');
  await mkdir(copy);
  const env = { ...process.env, GIT_INDEX_FILE: join(folder, 'given-base.index') };
  const safe = ['-C', place, '-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false'];
  const ask = (...args: string[]) => run('git', [...safe, ...args], { env });
  try {
    await ask('read-tree', '--end-of-options', `${base}^{tree}`);
    await ask('checkout-index', '-a', '-f', `--prefix=${copy}/`);
  } catch (error) {
    throw new CommandError(
      `--base ${base} is no commit of ${place}: ${(error as Error).message.split('\n')[1] ?? ''}`,
      EXIT.usage,
    );
  }
  return git.snapshot(copy);
}
