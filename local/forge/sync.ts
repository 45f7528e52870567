import { type Context, folderOf, timeOf } from './context.ts';
import { git } from './git.ts';
import { isAncestor, log, refs } from './objects.ts';
import { announce, comparisonOf, endPull, numbersOf } from './pulls.ts';
import type { Pull, Repository } from './records.ts';
import { type PullNumbers, shapes } from './shapes.ts';

const NOTHING = '0'.repeat(40);

/**
 * Announces what changed in git since the last look: a `push` for each ref, and what it means for open pull
 * requests. Run after every push and at the start, so that a push is announced even if the process died after it.
 */
export async function sync(context: Context, repository: Repository, login: string): Promise<void> {
  const folder = folderOf(context, repository);
  const now = await refs(folder, 'refs/heads', 'refs/tags');
  const seen = context.records.seenRefs(repository);
  for (const ref of new Set([...seen.keys(), ...now.keys()])) {
    if (seen.get(ref) !== now.get(ref))
      await announcePush(context, repository, { ref, before: seen.get(ref), after: now.get(ref), login });
  }
  for (const issue of context.records.issues(repository)) {
    if (issue.pull && issue.state === 'open')
      await follow(context, repository, { pull: issue as Pull, heads: now, login });
    if (issue.pull)
      await git(['update-ref', `refs/pull/${issue.number}/head`, issue.pull.headSha], { cwd: folder });
  }
}

interface Push {
  ref: string;
  before: string | undefined;
  after: string | undefined;
  login: string;
}

async function announcePush(context: Context, repository: Repository, push: Push): Promise<void> {
  const { ref, before, after, login } = push;
  const shape = shapes(context);
  const payload = {
    ref,
    before: before ?? NOTHING,
    after: after ?? NOTHING,
    created: !before,
    deleted: !after,
    forced: await isForced(folderOf(context, repository), push),
    ...(await pushedCommits(context, repository, push)),
    compare: `${shape.page(repository)}/compare/${before ?? NOTHING}...${after ?? NOTHING}`,
    pusher: { name: login },
    repository: shape.repository(repository),
    sender: shape.user(login),
  };
  context.store.transaction(() => {
    context.records.seeRef(repository, ref, after);
    context.hooks.fire(repository, 'push', payload);
  });
}

async function isForced(folder: string, { before, after }: Push): Promise<boolean> {
  return before && after ? !(await isAncestor(folder, before, after)) : false;
}

async function pushedCommits(context: Context, repository: Repository, { before, after, ref }: Push) {
  if (!after || ref.startsWith('refs/tags/')) return { commits: [], head_commit: null };
  const range = before ? `${before}..${after}` : after;
  const limit = before ? 20 : 1;
  const list = await log(folderOf(context, repository), range, { limit });
  const commits = list.reverse().map(({ sha, tree, message, author, committer }) => ({
    id: sha,
    tree_id: tree,
    distinct: true,
    message,
    timestamp: committer.date,
    url: `${shapes(context).page(repository)}/commit/${sha}`,
    author: { name: author.name, email: author.email },
    committer: { name: committer.name, email: committer.email },
  }));
  return { commits, head_commit: commits.at(-1) ?? null };
}

interface Look {
  pull: Pull;
  heads: Map<string, string>;
  login: string;
}

/** Brings an open pull request up to date with its branches: merged by a push, closed by a deletion, or moved on. */
async function follow(context: Context, repository: Repository, { pull, heads, login }: Look): Promise<void> {
  const folder = folderOf(context, repository);
  const head = heads.get(`refs/heads/${pull.pull.head}`);
  const base = heads.get(`refs/heads/${pull.pull.base}`);
  if (head === pull.pull.headSha && base === pull.pull.baseSha) return;
  const numbers = await figures(context, repository, pull);
  if (!head || !base) return void endPull(context, repository, { pull, numbers, login });
  if (await isAncestor(folder, head, base)) {
    const merged = await isAncestor(folder, pull.pull.headSha, base);
    return void endPull(context, repository, { pull, numbers, login, ...(merged && { mergeSha: base }) });
  }
  if (head !== pull.pull.headSha) await moveOn(context, repository, { pull, heads, login });
}

async function moveOn(context: Context, repository: Repository, { pull, heads, login }: Look): Promise<void> {
  const headSha = heads.get(`refs/heads/${pull.pull.head}`) ?? pull.pull.headSha;
  const baseSha = heads.get(`refs/heads/${pull.pull.base}`) ?? pull.pull.baseSha;
  const moved = { ...pull, updatedAt: timeOf(context), pull: { ...pull.pull, headSha, baseSha } };
  const numbers = await figures(context, repository, moved);
  context.store.transaction(() => {
    context.records.saveIssue(moved);
    announce(context, repository, { action: 'synchronize', pull: moved, numbers, login });
  });
}

/** A base that was rewritten until nothing is common leaves a pull request without figures, not the forge without a start. */
function figures(context: Context, repository: Repository, pull: Pull): Promise<PullNumbers> {
  const none = { commits: 0, additions: 0, deletions: 0, changedFiles: 0 };
  return comparisonOf(context, repository, pull).then(numbersOf, () => none);
}
