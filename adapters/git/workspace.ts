import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#core/fault.ts';
import { type Credential, type GitPlace, git, gitBytes } from './git.ts';

export interface Author {
  name: string;
  email: string;
}

export interface Commit {
  tree: string;
  parent: string;
  message: string;
  author: Author;
  /** Author's and committer's time, so that the same change has the same id. */
  at: string;
}

/**
 * A clone whose git directory lies apart from every work tree. Work trees belong to whoever runs commands there: nothing
 * they write (configuration, hooks, attributes' filters) is ever read as ours.
 */
export interface Workspace {
  /** Commit of a ref at the remote, or nothing. */
  remote(ref: string): Promise<string | undefined>;
  fetch(ref: string): Promise<string>;
  /** Whether a commit was fetched. */
  has(commit: string): Promise<boolean>;
  /** Writes a tree's or commit's files into a folder. */
  write(tree: string, folder: string): Promise<void>;
  /** The tree that a folder's files make; what `.gitignore` names stays out. */
  snapshot(folder: string): Promise<string>;
  tree(commit: string): Promise<string>;
  /** The newest commit that two have in common. Throws `Invalid` when there is none. */
  common(one: string, other: string): Promise<string>;
  /** Who committed it, by e-mail. */
  committer(commit: string): Promise<string>;
  commit(commit: Commit): Promise<string>;
  /** One commit as an e-mail with its changes, binary ones included. */
  patch(base: string, head: string): Promise<Buffer>;
  diff(base: string, head: string, ...options: string[]): Promise<string>;
  /** From one tree to another, for `apply`; nothing when they are the same. */
  changes(from: string, to: string): Promise<Buffer>;
  /** The tree that a patch makes of a commit. Throws `Invalid` when it does not apply. */
  apply(base: string, patch: Uint8Array): Promise<string>;
  /** The tree of `base` with these files as they are in `head` (gone where they are gone there). */
  overlay(base: string, head: string, paths: string[]): Promise<string>;
  files(tree: string): Promise<string[]>;
  read(tree: string, path: string): Promise<string>;
  /** Every text in a tree's files that a POSIX extended pattern finds, one a line. */
  grep(tree: string, pattern: string): Promise<string>;
  /** Moves a remote branch to a commit if it still stands at `expected` (`''`: does not exist). */
  push(commit: string, branch: string, expected: string): Promise<void>;
}

export interface WorkspaceOptions {
  /** Readable by us alone; made when missing. */
  folder: string;
  url: string;
  token: string;
  /** A folder of work trees that is no part of them, unless the repository has it. */
  ignore?: string;
  signal?: AbortSignal;
}

export async function workspace({
  folder,
  url,
  token,
  ignore,
  signal,
}: WorkspaceOptions): Promise<Workspace> {
  const gitDir = join(folder, 'repository.git');
  await mkdir(gitDir, { recursive: true, mode: 0o700 });
  const here: GitPlace = { cwd: folder, gitDir, signal };
  const credential: Credential | undefined = token ? { url, token } : undefined;
  const there = { ...here, credential };
  await git(here, 'init', '-q', '--bare', gitDir);
  await mkdir(join(gitDir, 'info'), { recursive: true });
  await writeFile(join(gitDir, 'info/exclude'), ignore ? `/${ignore}/\n` : '');

  return {
    remote: async (ref) => (await git(there, 'ls-remote', url, ref)).split('\t')[0] || undefined,
    fetch: async (ref) => {
      await git(there, 'fetch', '-q', '--no-tags', '--no-recurse-submodules', url, `+${ref}:refs/fetched`);
      return (await git(here, 'rev-parse', 'refs/fetched')).trim();
    },
    has: (commit) =>
      git(here, 'cat-file', '-e', `${commit}^{commit}`).then(
        () => true,
        () => false,
      ),
    write: (tree, to) => write(here, tree, to),
    snapshot: (from) => snapshot(here, from),
    tree: async (commit) => (await git(here, 'rev-parse', `${commit}^{tree}`)).trim(),
    common: async (one, other) => (await git(here, 'merge-base', one, other)).trim(),
    committer: async (commit) => (await git(here, 'log', '-1', '--format=%ce', commit)).trim(),
    commit: (commit) => record(here, commit),
    patch: (base, head) =>
      gitBytes(
        here,
        'format-patch',
        '--stdout',
        '--binary',
        '--full-index',
        '--no-renames',
        `${base}..${head}`,
      ),
    diff: (base, head, ...options) =>
      git(here, 'diff', '--no-renames', '--no-textconv', ...options, base, head),
    changes: (from, to) =>
      gitBytes(
        here,
        'diff',
        '--binary',
        '--full-index',
        '--no-renames',
        '--no-textconv',
        '--no-ext-diff',
        from,
        to,
      ),
    apply: (base, patch) => apply(here, base, patch),
    overlay: (base, head, paths) => overlay(here, { base, head, paths }),
    files: async (tree) =>
      (await git(here, 'ls-tree', '-r', '-z', '--name-only', tree)).split('\0').filter(Boolean),
    read: (tree, path) => git(here, 'cat-file', 'blob', `${tree}:${path}`),
    grep: (tree, pattern) => git(here, 'grep', '-hoIE', '-e', pattern, tree).catch(noneFound),
    push: async (commit, branch, expected) => {
      const ref = `refs/heads/${branch}`;
      await git(there, 'push', '-q', `--force-with-lease=${ref}:${expected}`, url, `${commit}:${ref}`);
    },
  };
}

/** git says "nothing" with an exit code of 1 and no words. */
function noneFound(error: unknown): string {
  if (error instanceof Fault && error.message === 'git grep failed: ') return '';
  throw error;
}

async function write(here: GitPlace, tree: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const place = { ...here, cwd: folder, workTree: folder, indexFile: `${folder}.index` };
  await git(place, 'read-tree', tree);
  await git(place, 'checkout-index', '-a', '-f', '-q');
}

async function snapshot(here: GitPlace, folder: string): Promise<string> {
  const place = { ...here, cwd: folder, workTree: folder, indexFile: `${folder}.index` };
  await git(place, 'add', '-A', '--', '.');
  return (await git(place, 'write-tree')).trim();
}

async function record(here: GitPlace, { tree, parent, message, author, at }: Commit): Promise<string> {
  const env = {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_AUTHOR_DATE: at,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
    GIT_COMMITTER_DATE: at,
  };
  return (await git({ ...here, env, input: message }, 'commit-tree', tree, '-p', parent, '-F', '-')).trim();
}

async function apply(here: GitPlace, base: string, patch: Uint8Array): Promise<string> {
  const place = { ...here, indexFile: `${here.gitDir}/apply.index` };
  await git(place, 'read-tree', base);
  try {
    await git({ ...place, input: patch }, 'apply', '--cached', '--whitespace=nowarn', '-');
  } catch (error) {
    if (error instanceof Fault && error.code !== 'Unavailable') {
      throw new Fault('Invalid', `The patch does not apply to ${base.slice(0, 12)}: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
  return (await git(place, 'write-tree')).trim();
}

async function overlay(
  here: GitPlace,
  { base, head, paths }: { base: string; head: string; paths: string[] },
): Promise<string> {
  const place = { ...here, indexFile: `${here.gitDir}/overlay.index` };
  await git(place, 'read-tree', base);
  const listed = await git(here, 'ls-tree', '-r', '-z', head, '--', ...paths);
  const gone = paths.map((path) => `0 ${'0'.repeat(40)}\t${path}\0`).join('');
  await git({ ...place, input: gone + listed }, 'update-index', '-z', '--index-info');
  return (await git(place, 'write-tree')).trim();
}
