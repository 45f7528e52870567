import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { git, runGit } from './git.ts';

interface Merge {
  base: string;
  head: string;
  message: string;
  /** Who the new commit says merged it. */
  login: string;
  squash?: boolean;
}

/** Makes the commit that merges `head` into `base`, pointing no ref at it. Undefined when they conflict. */
export async function mergeCommit(folder: string, merge: Merge): Promise<string | undefined> {
  const work = join(tmpdir(), `forge-merge-${randomUUID()}`);
  await mkdir(work, { recursive: true });
  try {
    await git(['worktree', 'add', '--quiet', '--detach', work, merge.base], { cwd: folder });
    return await mergeIn(work, merge);
  } finally {
    await rm(work, { recursive: true, force: true });
    await runGit(['worktree', 'prune', '--expire=now'], { cwd: folder });
  }
}

async function mergeIn(work: string, { head, message, login, squash }: Merge): Promise<string | undefined> {
  const env = signedBy(login);
  const how = squash ? ['--squash'] : ['--no-ff', '-m', message];
  const { code, stderr } = await runGit(['merge', '--quiet', ...how, head], { cwd: work, env });
  if (code !== 0 && code !== 1) throw new Error(`git merge failed (${code}): ${stderr.trim()}`);
  if (code === 1) return undefined;
  if (squash) await git(['commit', '--quiet', '--allow-empty', '-m', message], { cwd: work, env });
  return git(['rev-parse', 'HEAD'], { cwd: work });
}

/** Moves a ref if it still points where it did; false when someone else was faster. */
export async function moveRef(folder: string, ref: string, { from, to }: { from: string; to: string }) {
  return (await runGit(['update-ref', ref, to, from], { cwd: folder })).code === 0;
}

/** The environment in which git commits as `login`. */
export function signedBy(login: string): Record<string, string> {
  const email = `${login.replaceAll(/[^\w.-]/g, '')}@users.noreply.localhost`;
  return {
    GIT_AUTHOR_NAME: login,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: login,
    GIT_COMMITTER_EMAIL: email,
  };
}
