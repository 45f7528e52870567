import * as z from 'zod/mini';
import { cut, oneLine } from '../text.ts';
import type { Draft } from '../ticket.ts';
import { priorityNamed, typeNamed } from './words.ts';

const Repository = z.object({ full_name: z.string().check(z.maxLength(200)) });

export const IssueDelivery = z.object({
  action: z.string(),
  issue: z.object({
    number: z.int().check(z.positive()),
    title: z.string().check(z.minLength(1)),
    body: z.nullish(z.string()),
    html_url: z.url({ protocol: /^https?$/ }),
    user: z.nullish(z.object({ login: z.string() })),
    labels: z._default(z.array(z.object({ name: z.string() })), []),
    created_at: z.iso.datetime({ offset: true }),
  }),
  repository: Repository,
});
export type IssueDelivery = z.infer<typeof IssueDelivery>;

export const PullRequestDelivery = z.object({
  action: z.string(),
  number: z.int().check(z.positive()),
  pull_request: z.object({
    merged: z.nullish(z.boolean()),
    html_url: z.url({ protocol: /^https?$/ }),
    merged_by: z.nullish(z.object({ login: z.string() })),
  }),
  repository: Repository,
  sender: z.nullish(z.object({ login: z.string() })),
});
export type PullRequestDelivery = z.infer<typeof PullRequestDelivery>;

const BEGINS = ['opened', 'reopened'];

/** The request that an issue makes when it is opened; other things that happen to issues make none. */
export function fromIssue(org: string, { action, issue, repository }: IssueDelivery): Draft | undefined {
  if (!BEGINS.includes(action)) return undefined;
  const labels = issue.labels.map(({ name }) => oneLine(name, 100)).slice(0, 50);
  return {
    org,
    source: 'github',
    externalId: `${repository.full_name}#${issue.number}`,
    url: issue.html_url,
    title: oneLine(issue.title, 300) || `Issue ${issue.number}`,
    body: cut(issue.body ?? '', 60_000),
    reporter: { name: oneLine(issue.user?.login ?? 'ghost', 200) },
    labels,
    concerns: [repository.full_name],
    type: typeNamed(labels),
    priority: priorityNamed(labels),
    openedAt: new Date(issue.created_at).toISOString(),
  };
}

/** What became of a pull request, and by whom, if it was just closed. */
export function outcomeOf({ action, pull_request, sender }: PullRequestDelivery) {
  if (action !== 'closed') return undefined;
  return {
    status: pull_request.merged ? ('merged' as const) : ('closed' as const),
    by: oneLine(pull_request.merged_by?.login ?? sender?.login ?? 'someone', 100),
  };
}
