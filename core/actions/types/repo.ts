import * as z from 'zod';
import { oneLine } from '../../visible.ts';
import { action } from '../action.ts';
import { wordsOf } from '../narrows.ts';

const Repository = z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'is owner/name');
const Ref = z.string().min(1).max(250);

/** Reading files of a repository. */
export const readRepo = action({
  type: 'repo.read',
  payload: z.strictObject({
    repository: Repository,
    ref: Ref.optional(),
    paths: z.array(z.string().max(500)).max(1_000).default([]),
  }),
  facts: [],
  headline: ({ repository, ref, paths }) =>
    `Read ${paths.length === 0 ? 'every file' : plural(paths.length, 'path')} of ${repository}${ref ? ` at ${oneLine(ref)}` : ''}`,
  modifiable: {},
});

export const PullRequestPayload = z.strictObject({
  repository: Repository,
  base: Ref,
  branch: Ref,
  title: z.string().min(1).max(250),
  body: z.string().max(60_000).default(''),
  /** What `git diff` says from `base` to `branch`. */
  diff: z.string(),
});

/** Opening a pull request with exactly this difference. */
export const openPullRequest = action({
  type: 'repo.open_pr',
  payload: PullRequestPayload,
  facts: ['cost_usd', 'files_changed', 'lines_changed', 'pii'],
  headline: ({ repository, base, branch }) =>
    `Open a pull request in ${repository} from ${oneLine(branch)} into ${oneLine(base)}`,
  prose: ({ title, body, diff }) => [title, body, diff],
  modifiable: { '/title': wordsOf, '/body': wordsOf },
});

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
