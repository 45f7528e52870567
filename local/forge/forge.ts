import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import { type Account, accountOf } from './access.ts';
import { type Context, folderOf, oneAtATime, rootOf, timeOf } from './context.ts';
import { git } from './git.ts';
import { type Delivery, openHooks } from './hooks.ts';
import { signedBy } from './merge.ts';
import { pages } from './pages.ts';
import { isProblem, problem } from './problem.ts';
import { openRecords, type Repository } from './records.ts';
import { isRest, rest } from './rest.ts';
import { httpBackend } from './smart-http.ts';
import { sync } from './sync.ts';

export interface ForgeOptions {
  store: Store;
  clock: Clock;
  /** Where browsers and clients reach the forge, without a slash at the end; asked whenever a link is made. */
  origin: () => string;
  accounts: readonly Account[];
  /** The login that the buttons on the pages act as. */
  visitor: string;
}

export interface NewRepository {
  owner: string;
  name: string;
  description?: string;
  private?: boolean;
  /** A folder whose files become the first commit; what its own `.gitignore` names stays out. */
  from: string;
  /** Who committed it, and when (ISO 8601). */
  author?: { login: string; date?: string };
}

export interface Forge {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Makes a repository with one commit on `main`, or answers the one that is there. */
  createRepository(wanted: NewRepository): Promise<Repository>;
  setWebhook(hook: { owner: string; name: string; url: string; secret: string }): void;
  deliveries(owner: string, name: string): Delivery[];
  /** Announces what was pushed or merged just before the process last died. Call it once, before serving. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

const SERVICE = /^\/([\w.-]+)\/([\w.-]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** A git forge on this machine that speaks GitHub's REST format, git over HTTP, webhooks and a few pages. */
export function openForge({ store, clock, origin, accounts, visitor }: ForgeOptions): Forge {
  const records = openRecords(store);
  const hooks = openHooks(store, clock);
  const context: Context = { store, clock, records, hooks, accounts, visitor, origin, alone: oneAtATime() };
  const show = pages(context, visitor);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', origin());
    if (isRest(url)) return rest(context, request, response);
    if (SERVICE.test(url.pathname)) return serveGit(context, { request, response, url });
    return show(request, response);
  }

  function known(owner: string, name: string): Repository {
    const repository = records.repository(owner, name);
    if (!repository) throw new Error(`The forge has no repository ${owner}/${name}`);
    return repository;
  }

  return {
    handle,
    createRepository: async (wanted) => {
      const found = records.repository(wanted.owner, wanted.name);
      if (found) return found;
      const repository = await create(context, wanted);
      await sync(context, repository, wanted.author?.login ?? wanted.owner);
      return repository;
    },
    setWebhook: ({ owner, name, url, secret }) => hooks.set(known(owner, name), { url, secret }),
    deliveries: (owner, name) => hooks.deliveries(known(owner, name)),
    resume: async () => {
      for (const repository of records.repositories())
        await context.alone(repository, () => sync(context, repository, repository.owner));
    },
    stop: () => hooks.stop(),
  };
}

/** The bare repository is complete before it gets its place, and has its place before it is recorded. */
async function create(context: Context, wanted: NewRepository): Promise<Repository> {
  const facts = {
    owner: wanted.owner,
    name: wanted.name,
    private: wanted.private ?? true,
    description: wanted.description ?? '',
    defaultBranch: 'main',
    createdAt: timeOf(context),
  };
  const folder = folderOf(context, { id: 0, ...facts });
  const work = await mkdtemp(join(tmpdir(), 'forge-new-'));
  try {
    await firstCommit(work, wanted);
    await mkdir(dirname(folder), { recursive: true });
    const fresh = `${folder}.new`;
    await rm(fresh, { recursive: true, force: true });
    await git(['clone', '--quiet', '--bare', '--no-hardlinks', work, fresh], { cwd: work });
    await git(['remote', 'remove', 'origin'], { cwd: fresh });
    if (existsSync(folder)) await rm(folder, { recursive: true });
    await rename(fresh, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return context.store.transaction(() => context.records.addRepository(facts));
}

async function firstCommit(work: string, { from, owner, author }: NewRepository): Promise<void> {
  await cp(from, work, { recursive: true });
  const date: Record<string, string> = author?.date
    ? { GIT_AUTHOR_DATE: author.date, GIT_COMMITTER_DATE: author.date }
    : {};
  const env = { ...signedBy(author?.login ?? owner), ...date };
  await git(['-c', 'init.defaultBranch=main', 'init', '--quiet'], { cwd: work });
  await git(['add', '--all'], { cwd: work });
  await git(['commit', '--quiet', '--allow-empty', '-m', 'Initial commit'], { cwd: work, env });
}

interface GitRequest {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
}

/** Checks who asks, as GitHub does, then leaves the exchange to git. */
async function serveGit(context: Context, { request, response, url }: GitRequest): Promise<void> {
  const [, owner = '', name = '', service = ''] = SERVICE.exec(url.pathname) ?? [];
  const repository = context.records.repository(owner, name);
  const pushes = [service, url.searchParams.get('service')].includes('git-receive-pack');
  let account: Account | undefined;
  try {
    account = accountOf(request.headers, context.accounts);
    admit(repository, { account, pushes });
  } catch (error) {
    if (!isProblem(error)) throw error;
    return turnAway(response, error.status, error.message);
  }
  if (!repository) return turnAway(response, 404, 'Repository not found.');

  const path = `/${repository.owner}/${repository.name}.git/${service}`;
  const exchange = { request, response, root: rootOf(context), path, query: url.search.slice(1) };
  const login = account?.login ?? 'nobody';
  if (service !== 'git-receive-pack') return httpBackend({ ...exchange, ...(pushes && { login }) });
  const done = () => context.alone(repository, () => sync(context, repository, login));
  return httpBackend({ ...exchange, login, done });
}

/** A stranger is asked for a name before hearing whether a repository exists. */
function admit(
  repository: Repository | undefined,
  { account, pushes }: { account: Account | undefined; pushes: boolean },
): void {
  const isOpen = repository && !repository.private && !pushes;
  if (!account && !isOpen) throw problem(401, 'Authentication required.');
  if (pushes && account?.access !== 'write')
    throw problem(403, `Permission to this repository denied to ${account?.login}.`);
}

function turnAway(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain',
    ...(status === 401 && { 'www-authenticate': 'Basic realm="GitHub"' }),
  });
  response.end(`${message}\n`);
}
