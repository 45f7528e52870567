import * as z from 'zod';
import { type Context, folderOf, timeOf } from './context.ts';
import { diffText } from './diff.ts';
import { mergeCommit } from './merge.ts';
import { commitOf } from './objects.ts';
import { invalid } from './problem.ts';
import {
  announce,
  comparisonOf,
  endPull,
  Merge,
  mergePull,
  NewPull,
  numbersOf,
  openPull,
  pullOf,
} from './pulls.ts';
import type { Issue, Pull, Repository } from './records.ts';
import { diffAnswer } from './rest-code.ts';
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
import { type PullNumbers, shapes } from './shapes.ts';
import { sync } from './sync.ts';

const PullEdit = z.object({
  title: z.string().min(1).optional(),
  body: z.string().nullish(),
  state: z.enum(['open', 'closed']).optional(),
});

/** Pull requests: open, read, edit, close, merge. */
export const pullRoutes: Routes = {
  'POST /repos/:owner/:repo/pulls': open,
  'GET /repos/:owner/:repo/pulls': list,
  'GET /repos/:owner/:repo/pulls/:number': read,
  'PATCH /repos/:owner/:repo/pulls/:number': edit,
  'GET /repos/:owner/:repo/pulls/:number/files': files,
  'GET /repos/:owner/:repo/pulls/:number/commits': commits,
  'GET /repos/:owner/:repo/pulls/:number/merge': isMerged,
  'PUT /repos/:owner/:repo/pulls/:number/merge': merge,
};

async function open(ask: Ask): Promise<Answer> {
  const { login } = writer(ask);
  const repository = repositoryOf(ask);
  const wanted = input(NewPull, 'PullRequest', ask);
  const pull = await ask.context.alone(repository, async () => {
    const opened = await openPull(ask.context, repository, { wanted, login });
    await sync(ask.context, repository, login);
    return opened;
  });
  return { status: 201, body: await detail(ask.context, repository, pull) };
}

function list(ask: Ask): Answer {
  const { context, query } = ask;
  const repository = repositoryOf(ask);
  const state = query.get('state') ?? 'open';
  const head = query.get('head')?.toLowerCase();
  const base = query.get('base');
  const found = context.records.issues(repository).filter((issue): issue is Pull => {
    if (!issue.pull || (state !== 'all' && issue.state !== state)) return false;
    const label = `${repository.owner}:${issue.pull.head}`.toLowerCase();
    return (!head || label === head) && (!base || issue.pull.base === base);
  });
  const ordered = query.get('direction') === 'asc' ? found.reverse() : found;
  return listed(ask, ordered, (pull) => shapes(context).pull(repository, pull));
}

async function read(ask: Ask): Promise<Answer> {
  const { repository, pull } = asked(ask);
  if (/\b(diff|patch)\b/.test(ask.accept)) {
    const { from, to } = await comparisonOf(ask.context, repository, pull);
    return diffAnswer(await diffText(folderOf(ask.context, repository), from, to));
  }
  return { status: 200, body: await detail(ask.context, repository, pull) };
}

async function edit(ask: Ask): Promise<Answer> {
  const { login } = writer(ask);
  const wanted = input(PullEdit, 'PullRequest', ask);
  const { repository, pull } = asked(ask);
  const changed = await ask.context.alone(repository, async () => {
    const edited = await retitle(ask.context, repository, { pull, wanted, login });
    return changeState(ask.context, repository, { pull: edited, state: wanted.state, login });
  });
  return { status: 200, body: await detail(ask.context, repository, changed) };
}

async function retitle(
  context: Context,
  repository: Repository,
  { pull, wanted, login }: { pull: Pull; wanted: z.infer<typeof PullEdit>; login: string },
): Promise<Pull> {
  const title = wanted.title ?? pull.title;
  const body = wanted.body ?? pull.body;
  if (title === pull.title && body === pull.body) return pull;
  const edited = { ...pull, title, body, updatedAt: timeOf(context) };
  const numbers = numbersOf(await comparisonOf(context, repository, pull));
  context.store.transaction(() => {
    context.records.saveIssue(edited);
    announce(context, repository, { action: 'edited', pull: edited, numbers, login });
  });
  return edited;
}

async function changeState(
  context: Context,
  repository: Repository,
  { pull, state, login }: { pull: Pull; state: Issue['state'] | undefined; login: string },
): Promise<Pull> {
  if (!state || state === pull.state) return pull;
  const numbers = numbersOf(await comparisonOf(context, repository, pull));
  if (state === 'closed') return endPull(context, repository, { pull, numbers, login });
  if (pull.pull.mergedAt || !(await commitOf(folderOf(context, repository), `refs/heads/${pull.pull.head}`)))
    throw invalid('PullRequest', { field: 'state', code: 'invalid', message: 'state cannot be changed.' });
  const { closedAt: _, ...rest } = pull;
  const reopened: Pull = { ...rest, state: 'open', updatedAt: timeOf(context) };
  context.store.transaction(() => {
    context.records.saveIssue(reopened);
    announce(context, repository, { action: 'reopened', pull: reopened, numbers, login });
  });
  return reopened;
}

async function files(ask: Ask): Promise<Answer> {
  const { repository, pull } = asked(ask);
  const { files: changed } = await comparisonOf(ask.context, repository, pull);
  return listed(ask, changed, (file) => shapes(ask.context).file(repository, file, pull.pull.headSha));
}

async function commits(ask: Ask): Promise<Answer> {
  const { repository, pull } = asked(ask);
  const { commits: brought } = await comparisonOf(ask.context, repository, pull);
  return listed(ask, brought, (commit) => shapes(ask.context).commit(repository, commit));
}

function isMerged(ask: Ask): Answer {
  return { status: asked(ask).pull.pull.mergedAt ? 204 : 404 };
}

async function merge(ask: Ask): Promise<Answer> {
  const { login } = writer(ask);
  const repository = repositoryOf(ask);
  const wanted = input(Merge, 'PullRequest', ask);
  const number = numberIn(ask.params, 'number');
  const { pull } = await mergeAndSync(ask.context, repository, { number, wanted, login });
  const body = { sha: pull.mergeSha, merged: true, message: 'Pull Request successfully merged' };
  return { status: 200, body };
}

/** Merges, and announces the push that the merge was. */
export function mergeAndSync(
  context: Context,
  repository: Repository,
  how: Parameters<typeof mergePull>[2],
): Promise<Pull> {
  return context.alone(repository, async () => {
    const merged = await mergePull(context, repository, how);
    await sync(context, repository, how.login);
    return merged;
  });
}

function asked(ask: Ask): { repository: Repository; pull: Pull } {
  const repository = repositoryOf(ask);
  return { repository, pull: pullOf(ask.context, repository, numberIn(ask.params, 'number')) };
}

async function detail(context: Context, repository: Repository, pull: Pull) {
  const numbers: PullNumbers = numbersOf(await comparisonOf(context, repository, pull));
  const mergeable = await isMergeable(context, repository, pull);
  return shapes(context).pullDetail(repository, pull, { ...numbers, mergeable });
}

const verdicts = new Map<string, boolean>();

/** Whether an open pull request merges without conflict, by trying; remembered for each pair of commits. */
export async function isMergeable(
  context: Context,
  repository: Repository,
  { state, pull }: Pull,
): Promise<boolean | undefined> {
  const folder = folderOf(context, repository);
  const base = state === 'open' && (await commitOf(folder, `refs/heads/${pull.base}`));
  if (!base) return undefined;
  const key = `${base}..${pull.headSha}`;
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const trial = await mergeCommit(folder, { base, head: pull.headSha, message: 'trial', login: 'forge' });
  verdicts.set(key, trial !== undefined);
  return trial !== undefined;
}
