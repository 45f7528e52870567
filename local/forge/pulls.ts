import * as z from 'zod';
import { type Context, folderOf, timeOf } from './context.ts';
import { changes, type FileChange } from './diff.ts';
import { mergeCommit, moveRef } from './merge.ts';
import { type Commit, commitOf, count, log, mergeBase } from './objects.ts';
import { invalid, problem } from './problem.ts';
import type { Pull, Repository } from './records.ts';
import { type PullNumbers, shapes } from './shapes.ts';

export const NewPull = z.object({
  title: z.string().min(1),
  head: z.string(),
  base: z.string(),
  body: z.string().nullish(),
  draft: z.boolean().optional(),
});

export const Merge = z.object({
  sha: z.string().optional(),
  commit_title: z.string().optional(),
  commit_message: z.string().optional(),
  merge_method: z.enum(['merge', 'squash', 'rebase']).default('merge'),
});

export interface Comparison {
  from: string;
  to: string;
  commits: Commit[];
  files: FileChange[];
}

/** Opens a pull request under GitHub's conditions: both branches exist, there is something to merge, no second one. */
export async function openPull(
  context: Context,
  repository: Repository,
  { wanted, login }: { wanted: z.infer<typeof NewPull>; login: string },
): Promise<Pull> {
  const { store, records } = context;
  const folder = folderOf(context, repository);
  const head = branchOf(repository, wanted.head);
  const headSha = head && (await commitOf(folder, `refs/heads/${head}`));
  const baseSha = await commitOf(folder, `refs/heads/${wanted.base}`);
  if (!headSha) throw invalid('PullRequest', { field: 'head', code: 'invalid' });
  if (!baseSha) throw invalid('PullRequest', { field: 'base', code: 'invalid' });
  if ((await count(folder, `${baseSha}..${headSha}`)) === 0)
    throw refused(`No commits between ${wanted.base} and ${head}`);

  const numbers = numbersOf(await compare(folder, baseSha, headSha));
  return store.transaction(() => {
    const twin = records
      .issues(repository)
      .some(({ state, pull }) => state === 'open' && pull?.head === head && pull.base === wanted.base);
    if (twin) throw refused(`A pull request already exists for ${repository.owner}:${head}.`);
    const now = timeOf(context);
    const pull = records.addIssue(repository, {
      title: wanted.title,
      body: wanted.body ?? '',
      author: login,
      state: 'open',
      createdAt: now,
      updatedAt: now,
      pull: { head, base: wanted.base, headSha, baseSha, draft: wanted.draft ?? false },
    }) as Pull;
    announce(context, repository, { action: 'opened', pull, numbers, login });
    return pull;
  });
}

/** Merges with a merge commit (or squashed) and tells the webhooks. Throws GitHub's 405 or 409 when it cannot. */
export async function mergePull(
  context: Context,
  repository: Repository,
  { number, wanted, login }: { number: number; wanted: z.infer<typeof Merge>; login: string },
): Promise<Pull> {
  const pull = pullOf(context, repository, number);
  const { head, base, headSha } = pull.pull;
  if (pull.state !== 'open' || pull.pull.draft) throw problem(405, 'Pull Request is not mergeable');
  if (wanted.sha && wanted.sha !== headSha)
    throw problem(409, 'Head branch was modified. Review and try the merge again.');
  if (wanted.merge_method === 'rebase')
    throw problem(405, 'Rebase merges are not allowed on this repository.');

  const folder = folderOf(context, repository);
  const from = await commitOf(folder, `refs/heads/${base}`);
  if (!from) throw problem(405, 'Pull Request is not mergeable');
  const comparison = await compare(folder, from, headSha);
  const squash = wanted.merge_method === 'squash';
  const title = wanted.commit_title ?? mergeTitle(pull, `${repository.owner}/${head}`, squash);
  const message = [title, wanted.commit_message ?? (squash ? '' : pull.title)].filter(Boolean).join('\n\n');
  const to = await mergeCommit(folder, { base: from, head: headSha, message, login, squash });
  if (!to) throw problem(405, 'Pull Request is not mergeable');
  if (!(await moveRef(folder, `refs/heads/${base}`, { from, to })))
    throw problem(409, 'Base branch was modified. Review and try the merge again.');
  const numbers = numbersOf(comparison);
  return endPull(context, repository, { pull, numbers, login, mergeSha: to, baseSha: from });
}

/** Closes a pull request, as merged if `mergeSha` is given. */
export function endPull(
  context: Context,
  repository: Repository,
  end: { pull: Pull; numbers: PullNumbers; login: string; mergeSha?: string; baseSha?: string },
): Pull {
  const { pull, numbers, login, mergeSha, baseSha = pull.pull.baseSha } = end;
  const now = timeOf(context);
  const merged = mergeSha ? { mergeSha, mergedAt: now, mergedBy: login } : {};
  const ended: Pull = {
    ...pull,
    state: 'closed',
    updatedAt: now,
    closedAt: now,
    pull: { ...pull.pull, baseSha, ...merged },
  };
  context.store.transaction(() => {
    context.records.saveIssue(ended);
    announce(context, repository, { action: 'closed', pull: ended, numbers, login });
  });
  return ended;
}

export function pullOf({ records }: Context, repository: Repository, number: number): Pull {
  const found = records.issue(repository, number);
  if (!found?.pull) throw problem(404, 'Not Found');
  return found as Pull;
}

/** What merging would bring: from the last common commit to the head, against the base as it is while open. */
export async function comparisonOf(context: Context, repository: Repository, one: Pull): Promise<Comparison> {
  const folder = folderOf(context, repository);
  const live = one.state === 'open' && (await commitOf(folder, `refs/heads/${one.pull.base}`));
  return compare(folder, live || one.pull.baseSha, one.pull.headSha);
}

export async function compare(folder: string, base: string, head: string): Promise<Comparison> {
  const from = await mergeBase(folder, base, head);
  if (!from) throw problem(404, 'Not Found');
  const [commits, files] = await Promise.all([
    log(folder, `${base}..${head}`, { limit: 250, oldestFirst: true }),
    changes(folder, from, head),
  ]);
  return { from, to: head, commits, files };
}

export function numbersOf({ commits, files }: Comparison): PullNumbers {
  const sum = (key: 'additions' | 'deletions') => files.reduce((total, file) => total + file[key], 0);
  const lines = { additions: sum('additions'), deletions: sum('deletions') };
  return { commits: commits.length, ...lines, changedFiles: files.length };
}

/** Tells the webhooks what happened to a pull request; part of the transaction that makes it happen. */
export function announce(
  context: Context,
  repository: Repository,
  { action, pull, numbers, login }: { action: string; pull: Pull; numbers: PullNumbers; login: string },
): void {
  const shape = shapes(context);
  context.hooks.fire(repository, 'pull_request', {
    action,
    number: pull.number,
    pull_request: shape.pullDetail(repository, pull, numbers),
    repository: shape.repository(repository),
    sender: shape.user(login),
  });
}

/** `owner:branch` or `branch`; undefined for another owner, since there are no forks. */
function branchOf({ owner }: Repository, head: string): string | undefined {
  const [first = '', second] = head.split(':');
  if (second === undefined) return first;
  return first.toLowerCase() === owner.toLowerCase() ? second : undefined;
}

function mergeTitle({ number, title }: Pull, source: string, squash: boolean): string {
  return squash ? `${title} (#${number})` : `Merge pull request #${number} from ${source}`;
}

function refused(message: string) {
  return invalid('PullRequest', { code: 'custom', message });
}
