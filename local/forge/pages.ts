import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Context, folderOf } from './context.ts';
import { changes, diffText } from './diff.ts';
import { html } from './html.ts';
import { page, SECURITY } from './layout.ts';
import { blob, commitOf, entryAt, log, refs, tree } from './objects.ts';
import { act, isOwnForm } from './page-actions.ts';
import { isProblem, problem } from './problem.ts';
import { comparisonOf } from './pulls.ts';
import type { Issue, Pull, Repository } from './records.ts';
import { isMergeable } from './rest-pulls.ts';
import { commitView, fileView, overview, pathOf, pullList, repositoryList, thread } from './views.ts';

const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';

interface Shown {
  text: string;
  type?: string;
}

/** Answers browsers. The pages need no sign-in: the forge listens on this machine only. */
export function pages(context: Context, visitor: string) {
  return (request: IncomingMessage, response: ServerResponse): Promise<void> =>
    answer(context, request, { response, visitor }).catch((error) => explain(response, error));
}

async function answer(
  context: Context,
  request: IncomingMessage,
  { response, visitor }: { response: ServerResponse; visitor: string },
): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', context.origin());
  const path = pathname.split('/').filter(Boolean).map(decodeURIComponent);
  if (request.method === 'POST') {
    if (!isOwnForm(request, context.origin())) throw problem(403, 'This form was not sent from this forge.');
    const location = await act(context, request, { path, visitor });
    response.writeHead(303, { location }).end();
    return;
  }
  const { text, type = SECURITY['content-type'] } = await shown(context, path);
  response.writeHead(200, { ...SECURITY, 'content-type': type }).end(text);
}

function explain(response: ServerResponse, error: unknown): void {
  const status = isProblem(error) ? error.status : error instanceof URIError ? 404 : 500;
  const message = error instanceof Error ? error.message : String(error);
  const content = html`<h1>${status}</h1><p>${message}</p>`;
  response.writeHead(status, SECURITY).end(page({ title: message, trail: [], content }));
}

async function shown(context: Context, path: readonly string[]): Promise<Shown> {
  const { records } = context;
  if (path.length === 0)
    return {
      text: page({ title: 'Repositories', trail: [], content: repositoryList(records.repositories()) }),
    };
  const [owner = '', name = '', kind, ...rest] = path;
  const repository = records.repository(owner, name);
  if (!repository) throw problem(404, 'There is no such page.');
  switch (kind) {
    case undefined:
      return front(context, repository);
    case 'pulls':
      return within(repository, 'Pull requests', pullList(repository, pullsOf(context, repository)));
    case 'pull':
    case 'issues':
      return discussion(context, repository, rest[0] ?? '');
    case 'commit':
      return commitPage(context, repository, rest[0] ?? '');
    case 'blob':
      return filePage(context, repository, rest.join('/'));
    default:
      throw problem(404, 'There is no such page.');
  }
}

function within(repository: Repository, title: string, content: ReturnType<typeof html>): Shown {
  const home = [`${repository.owner}/${repository.name}`, pathOf(repository)] as const;
  const trail = [home, ['Pull requests', `${pathOf(repository)}/pulls`] as const];
  return { text: page({ title: `${title} · ${home[0]}`, trail, content }) };
}

async function front(context: Context, repository: Repository): Promise<Shown> {
  const folder = folderOf(context, repository);
  const [heads, commits, entries] = await Promise.all([
    refs(folder, 'refs/heads'),
    log(folder, repository.defaultBranch, { limit: 10 }),
    tree(folder, repository.defaultBranch),
  ]);
  const openPulls = pullsOf(context, repository).filter(({ state }) => state === 'open').length;
  const branches = [...heads.keys()].map((ref) => ref.slice('refs/heads/'.length));
  const content = overview({ repository, branches, commits, entries: entries ?? [], openPulls });
  return within(repository, repository.name, content);
}

function pullsOf({ records }: Context, repository: Repository): Issue[] {
  return records.issues(repository).filter(({ pull }) => pull);
}

async function discussion(context: Context, repository: Repository, last: string): Promise<Shown> {
  const [, digits, format] = /^(\d+)(\.diff|\.patch)?$/.exec(last) ?? [];
  const issue = context.records.issue(repository, Number(digits));
  if (!issue) throw problem(404, 'There is no such page.');
  const comments = context.records.comments(repository, issue.number);
  if (!issue.pull) return within(repository, issue.title, thread({ repository, issue, comments }));

  const comparison = await comparisonOf(context, repository, issue as Pull);
  if (format) {
    const text = await diffText(folderOf(context, repository), comparison.from, comparison.to);
    return { text, type: 'text/plain; charset=utf-8' };
  }
  const mergeable = await isMergeable(context, repository, issue as Pull);
  const reviews = context.records.reviews(repository, issue.number);
  const content = thread({ repository, issue, comments, reviews, comparison, mergeable });
  return within(repository, issue.title, content);
}

async function commitPage(context: Context, repository: Repository, name: string): Promise<Shown> {
  const folder = folderOf(context, repository);
  const sha = await commitOf(folder, name);
  const commit = sha && (await log(folder, sha, { limit: 1 }))[0];
  if (!commit) throw problem(404, 'There is no such commit.');
  const files = await changes(folder, commit.parents[0] ?? EMPTY_TREE, commit.sha);
  return within(repository, commit.sha.slice(0, 7), commitView(commit, files));
}

async function filePage(context: Context, repository: Repository, path: string): Promise<Shown> {
  const folder = folderOf(context, repository);
  const entry = path ? await entryAt(folder, repository.defaultBranch, path) : undefined;
  if (entry?.type !== 'blob') throw problem(404, 'There is no such file.');
  return within(repository, path, fileView(path, (await blob(folder, entry.sha)).toString()));
}
