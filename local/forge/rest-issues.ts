import * as z from 'zod';
import { type Context, timeOf } from './context.ts';
import { problem } from './problem.ts';
import type { Comment, Issue, Repository } from './records.ts';
import {
  type Answer,
  type Ask,
  input,
  listed,
  numberIn,
  type Routes,
  repositoryOf,
  writer,
} from './route.ts';
import { shapes } from './shapes.ts';

const NewIssue = z.object({ title: z.string().min(1), body: z.string().nullish() });
const Text = z.object({ body: z.string().min(1) });

/** Issues and the comments under issues and pull requests. */
export const issueRoutes: Routes = {
  'GET /user': user,
  'POST /repos/:owner/:repo/issues': openIssue,
  'GET /repos/:owner/:repo/issues/:number': readIssue,
  'POST /repos/:owner/:repo/issues/:number/comments': comment,
  'GET /repos/:owner/:repo/issues/:number/comments': comments,
  'GET /repos/:owner/:repo/issues/comments/:id': readComment,
  'PATCH /repos/:owner/:repo/issues/comments/:id': editComment,
};

function user({ account, context }: Ask): Answer {
  if (!account) throw problem(401, 'Requires authentication');
  return { status: 200, body: { ...shapes(context).user(account.login), name: account.login, email: null } };
}

function openIssue(ask: Ask): Answer {
  const { context } = ask;
  const { login } = writer(ask);
  const repository = repositoryOf(ask);
  const { title, body } = input(NewIssue, 'Issue', ask);
  const now = timeOf(context);
  const issue = context.store.transaction(() => {
    const facts = { title, body: body ?? '', author: login, createdAt: now, updatedAt: now };
    const opened = context.records.addIssue(repository, { ...facts, state: 'open' });
    tell(context, repository, { event: 'issues', action: 'opened', issue: opened, login });
    return opened;
  });
  return { status: 201, body: shapes(context).issue(repository, issue) };
}

function readIssue(ask: Ask): Answer {
  const { repository, issue } = asked(ask);
  const count = ask.context.records.comments(repository, issue.number).length;
  return { status: 200, body: shapes(ask.context).issue(repository, issue, count) };
}

function comment(ask: Ask): Answer {
  const { login } = writer(ask);
  const { repository, issue } = asked(ask);
  const { body } = input(Text, 'IssueComment', ask);
  const added = addComment(ask.context, repository, { issue, body, login });
  return { status: 201, body: shapes(ask.context).comment(repository, added) };
}

/** Adds a comment and tells the webhooks. */
export function addComment(
  context: Context,
  repository: Repository,
  { issue, body, login }: { issue: Issue; body: string; login: string },
): Comment {
  const now = timeOf(context);
  return context.store.transaction(() => {
    const facts = { number: issue.number, author: login, body, createdAt: now, updatedAt: now };
    const comment = context.records.addComment(repository, facts);
    tell(context, repository, { event: 'issue_comment', action: 'created', issue, comment, login });
    return comment;
  });
}

function comments(ask: Ask): Answer {
  const { repository, issue } = asked(ask);
  const found = ask.context.records.comments(repository, issue.number);
  return listed(ask, found, (one) => shapes(ask.context).comment(repository, one));
}

function readComment(ask: Ask): Answer {
  const repository = repositoryOf(ask);
  const found = ask.context.records.comment(repository, numberIn(ask.params, 'id'));
  if (!found) throw problem(404, 'Not Found');
  return { status: 200, body: shapes(ask.context).comment(repository, found) };
}

function editComment(ask: Ask): Answer {
  const { context } = ask;
  const { login } = writer(ask);
  const repository = repositoryOf(ask);
  const { body } = input(Text, 'IssueComment', ask);
  const old = context.records.comment(repository, numberIn(ask.params, 'id'));
  const issue = old && context.records.issue(repository, old.number);
  if (!issue) throw problem(404, 'Not Found');
  const comment = { ...old, body, updatedAt: timeOf(context) };
  context.store.transaction(() => {
    context.records.saveComment(comment);
    tell(context, repository, { event: 'issue_comment', action: 'edited', issue, comment, login });
  });
  return { status: 200, body: shapes(context).comment(repository, comment) };
}

interface News {
  event: 'issues' | 'issue_comment';
  action: string;
  issue: Issue;
  comment?: Comment;
  login: string;
}

function tell(
  context: Context,
  repository: Repository,
  { event, action, issue, comment, login }: News,
): void {
  const shape = shapes(context);
  context.hooks.fire(repository, event, {
    action,
    issue: shape.issue(repository, issue, context.records.comments(repository, issue.number).length),
    ...(comment && { comment: shape.comment(repository, comment) }),
    repository: shape.repository(repository),
    sender: shape.user(login),
  });
}

function asked(ask: Ask): { repository: Repository; issue: Issue } {
  const repository = repositoryOf(ask);
  const issue = ask.context.records.issue(repository, numberIn(ask.params, 'number'));
  if (!issue) throw problem(404, 'Not Found');
  return { repository, issue };
}
