import { git, runGit } from './git.ts';

export interface Commit {
  sha: string;
  tree: string;
  parents: string[];
  author: Signature;
  committer: Signature;
  message: string;
}

interface Signature {
  name: string;
  email: string;
  date: string;
}

export interface TreeEntry {
  mode: string;
  type: 'blob' | 'tree' | 'commit';
  sha: string;
  size?: number;
  path: string;
}

/** A name that git would read as a range, an option or a path, or could not be a ref. */
const ODD_NAME = /^-|\.\.|@\{|[\s~^:?*[\\]|^$/;

/** The commit that a branch, a tag, a full ref or a commit id (four digits at least) names. */
export async function commitOf(folder: string, name: string): Promise<string | undefined> {
  if (ODD_NAME.test(name)) return undefined;
  const spellings = [`refs/heads/${name}`, `refs/tags/${name}`];
  if (name.startsWith('refs/') || /^[0-9a-f]{4,40}$/.test(name) || name === 'HEAD') spellings.push(name);
  for (const spelling of spellings) {
    const found = await runGit(['rev-parse', '--verify', '--quiet', `${spelling}^{commit}`], { cwd: folder });
    if (found.code === 0) return found.stdout.toString().trim();
  }
  return undefined;
}

/** Every ref below `prefix`, by its full name, with the object it points at. */
export async function refs(folder: string, ...prefixes: string[]): Promise<Map<string, string>> {
  const out = await git(['for-each-ref', '--format=%(objectname) %(refname)', ...prefixes], { cwd: folder });
  return new Map(lines(out).map((line) => [line.slice(41), line.slice(0, 40)]));
}

/** The entries of a commit's tree, or of the folder `path` in it. Undefined if there is no such folder. */
export async function tree(
  folder: string,
  commit: string,
  { path = '', recursive = false } = {},
): Promise<TreeEntry[] | undefined> {
  const at = path ? `${commit}:${path}` : commit;
  const flags = recursive ? ['-r', '-t'] : [];
  const out = await runGit(['ls-tree', '-z', '-l', ...flags, at], { cwd: folder });
  if (out.code !== 0) return undefined;
  return out.stdout.toString().split('\0').filter(Boolean).map(treeEntry);
}

/** The entry at `path`, whatever it is. */
export async function entryAt(folder: string, commit: string, path: string): Promise<TreeEntry | undefined> {
  const out = await runGit(['ls-tree', '-z', '-l', '--full-tree', commit, '--', path], { cwd: folder });
  return out.stdout.toString().split('\0').filter(Boolean).map(treeEntry)[0];
}

export async function blob(folder: string, sha: string): Promise<Buffer> {
  return (await runGit(['cat-file', 'blob', sha], { cwd: folder })).stdout;
}

/** Commits reachable as `range` says (`sha`, `a..b`), newest first. */
export async function log(
  folder: string,
  range: string,
  { limit = 100, skip = 0, oldestFirst = false } = {},
): Promise<Commit[]> {
  const format = '--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%cn%x1f%ce%x1f%cI%x1f%B';
  const order = oldestFirst ? ['--reverse'] : [];
  const page = [`--max-count=${limit}`, `--skip=${skip}`];
  const out = await git(['log', '-z', '--date-order', format, ...order, ...page, range, '--'], {
    cwd: folder,
  });
  return out.split('\0').filter(Boolean).map(commit);
}

export async function count(folder: string, range: string): Promise<number> {
  return Number(await git(['rev-list', '--count', range, '--'], { cwd: folder }));
}

export async function mergeBase(folder: string, one: string, other: string): Promise<string | undefined> {
  const { code, stdout } = await runGit(['merge-base', one, other], { cwd: folder });
  return code === 0 ? stdout.toString().trim() : undefined;
}

export async function isAncestor(folder: string, ancestor: string, of: string): Promise<boolean> {
  return (await runGit(['merge-base', '--is-ancestor', ancestor, of], { cwd: folder })).code === 0;
}

function treeEntry(line: string): TreeEntry {
  const [facts = '', path = ''] = line.split('\t');
  const [mode = '', type, sha = '', size] = facts.split(/ +/);
  return { mode, type: type as TreeEntry['type'], sha, path, ...(size !== '-' && { size: Number(size) }) };
}

function commit(record: string): Commit {
  const [sha = '', tree = '', parents = '', an = '', ae = '', ad = '', cn = '', ce = '', cd = '', text = ''] =
    record.split('\x1f');
  return {
    sha,
    tree,
    parents: parents.split(' ').filter(Boolean),
    author: { name: an, email: ae, date: ad },
    committer: { name: cn, email: ce, date: cd },
    message: text.trim(),
  };
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}
