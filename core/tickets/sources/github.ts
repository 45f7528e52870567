import * as z from 'zod/mini';
import { cut, oneLine } from '../text.ts';
import type { Comment, Draft } from '../ticket.ts';
import type { Meaning, Told } from '../told.ts';
import { asksUs, LABEL } from './asking.ts';
import { priorityNamed, typeNamed } from './words.ts';

const Repository = z.object({ full_name: z.string().check(z.maxLength(200)) });
const Who = z.nullish(z.object({ login: z.string(), id: z.nullish(z.int()), type: z.nullish(z.string()) }));
const Time = z.iso.datetime({ offset: true });

const Issue = z.object({
  number: z.int().check(z.positive()),
  title: z.string().check(z.minLength(1)),
  body: z.nullish(z.string()),
  html_url: z.url({ protocol: /^https?$/ }),
  user: Who,
  labels: z._default(z.nullish(z.array(z.object({ name: z.string() }))), []),
  state: z.nullish(z.string()),
  created_at: Time,
  updated_at: z.nullish(Time),
  /** Only there when it is a pull request. */
  pull_request: z.optional(z.unknown()),
});
type Issue = z.infer<typeof Issue>;

export const IssueDelivery = z.object({
  action: z.string(),
  issue: Issue,
  label: z.nullish(z.object({ name: z.string() })),
  repository: Repository,
  sender: Who,
});
export type IssueDelivery = z.infer<typeof IssueDelivery>;

export const CommentDelivery = z.extend(IssueDelivery, { comment: z.unknown() });
export type CommentDelivery = z.infer<typeof CommentDelivery>;

const Written = z.object({
  id: z.int().check(z.positive()),
  body: z.nullish(z.string()),
  user: Who,
  created_at: Time,
  updated_at: z.nullish(Time),
});

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
/** What every comment of ours carries where nobody sees it, whoever's token it was written with. */
const OWN_MARK = '<!-- signalbox ';
const GONE = ['deleted', 'transferred'];

/** What happened to an issue: opened, opened again or given our label it is a request, anything else is news of one. */
export function fromIssue(org: string, delivery: IssueDelivery): Meaning {
  const { action, label } = delivery;
  const told = newsOf(org, delivery);
  const isAsked = action === 'labeled' && label?.name.toLowerCase() === LABEL;
  if (isAsked) return asked(org, delivery, told);
  if (!BEGINS.includes(action)) return { kind: 'told', told };
  return { kind: 'request', draft: draftOf(org, delivery), told };
}

/** A comment that names us makes its issue a request; any other is news of one. What robots write is not read. */
export function fromComment(org: string, delivery: CommentDelivery): Meaning {
  const { action, issue } = delivery;
  const written = z.safeParse(Written, delivery.comment);
  if (!written.success) return { kind: 'ignored', why: 'a comment without its id or its time' };
  const { id, user, body } = written.data;
  if (user?.type === 'Bot' || body?.includes(OWN_MARK))
    return { kind: 'ignored', why: 'a comment of a robot' };
  if (issue.pull_request) {
    if (action !== 'created' || !asksUs(body ?? ''))
      return { kind: 'ignored', why: 'a comment on a pull request that asks for nothing' };
    const { number } = issue;
    return { kind: 'review', repository: delivery.repository.full_name, number, ref: `comment/${id}` };
  }
  const told = { ...newsOf(org, delivery), comment: commentOf(action, written.data) };
  const isAsked = action !== 'deleted' && asksUs(body ?? '');
  return isAsked ? asked(org, delivery, told) : { kind: 'told', told };
}

/** Whoever asks by name or label means it, even where the issue is closed. */
function asked(org: string, delivery: IssueDelivery, { state: _, ...told }: Told): Meaning {
  return { kind: 'request', draft: draftOf(org, delivery), told };
}

function newsOf(org: string, delivery: IssueDelivery): Told {
  const { action, issue, repository, sender } = delivery;
  const as = draftOf(org, delivery);
  return {
    ...{ org, source: 'github', externalId: nameOf(repository, issue), as },
    at: as.changedAt ?? as.openedAt,
    by: oneLine(sender?.login ?? 'someone', 100),
    state: issue.state === 'closed' || GONE.includes(action) ? 'closed' : 'open',
  };
}

function commentOf(action: string, written: z.infer<typeof Written>): NonNullable<Told['comment']> {
  const { id, body, user, created_at, updated_at } = written;
  const comment: Comment = {
    id: `github#${id}`,
    at: utc(updated_at ?? created_at),
    by: oneLine(user?.login ?? 'ghost', 100),
    text: cut(body ?? '', 2_000),
  };
  return { ...comment, isGone: action === 'deleted' };
}

function draftOf(org: string, { issue, repository }: Pick<IssueDelivery, 'issue' | 'repository'>): Draft {
  const labels = (issue.labels ?? []).map(({ name }) => oneLine(name, 100)).slice(0, 50);
  return {
    org,
    source: 'github',
    externalId: nameOf(repository, issue),
    url: issue.html_url,
    title: oneLine(issue.title, 300) || `Issue ${issue.number}`,
    body: cut(issue.body ?? '', 60_000),
    reporter: {
      name: oneLine(issue.user?.login ?? 'ghost', 200),
      ...(issue.user?.id && { account: { at: 'github', id: String(issue.user.id) } }),
    },
    labels,
    concerns: [repository.full_name],
    type: typeNamed(labels),
    priority: priorityNamed(labels),
    openedAt: utc(issue.created_at),
    changedAt: utc(issue.updated_at ?? issue.created_at),
  };
}

function nameOf({ full_name }: z.infer<typeof Repository>, { number }: Issue): string {
  return `${full_name}#${number}`;
}

function utc(time: string): string {
  return new Date(time).toISOString();
}

/** What became of a pull request, and by whom, if it was just closed. */
export function fromPullRequest(_org: string, delivery: PullRequestDelivery): Meaning {
  const { action, number, pull_request, repository, sender } = delivery;
  if (action !== 'closed') return { kind: 'ignored', why: `a pull request was ${oneLine(action, 50)}` };
  return {
    kind: 'outcome',
    ...{ repository: repository.full_name, number },
    status: pull_request.merged ? 'merged' : 'closed',
    by: oneLine(pull_request.merged_by?.login ?? sender?.login ?? 'someone', 100),
  };
}
