import { folderOf } from './context.ts';
import { diffText } from './diff.ts';
import { blob, type Commit, commitOf, count, entryAt, log, refs, type TreeEntry, tree } from './objects.ts';
import { problem } from './problem.ts';
import { compare } from './pulls.ts';
import type { Repository } from './records.ts';
import { type Answer, type Ask, listed, pageIn, type Routes, repositoryOf } from './route.ts';
import { shapes } from './shapes.ts';

/** Reading repositories: branches, refs, trees, files, commits and comparisons. */
export const codeRoutes: Routes = {
  'GET /repos/:owner/:repo': (ask) => ({
    status: 200,
    body: shapes(ask.context).repository(repositoryOf(ask)),
  }),
  'GET /repos/:owner/:repo/branches': branches,
  'GET /repos/:owner/:repo/branches/*branch': branch,
  'GET /repos/:owner/:repo/git/ref/*ref': gitRef,
  'GET /repos/:owner/:repo/git/trees/*sha': gitTree,
  'GET /repos/:owner/:repo/contents': contents,
  'GET /repos/:owner/:repo/contents/*path': contents,
  'GET /repos/:owner/:repo/commits': commits,
  'GET /repos/:owner/:repo/commits/*ref': commit,
  'GET /repos/:owner/:repo/compare/*range': comparison,
};

async function branches(ask: Ask): Promise<Answer> {
  const repository = repositoryOf(ask);
  const heads = await refs(folderOf(ask.context, repository), 'refs/heads');
  return listed(ask, [...heads], ([ref, sha]) => {
    const at = { sha, url: `${shapes(ask.context).route(repository)}/commits/${sha}` };
    return { name: ref.slice('refs/heads/'.length), commit: at, protected: false };
  });
}

async function branch(ask: Ask): Promise<Answer> {
  const repository = repositoryOf(ask);
  const name = ask.params.branch ?? '';
  const sha = await commitOf(folderOf(ask.context, repository), `refs/heads/${name}`);
  const tip = sha && (await commitAt(ask, repository, sha));
  if (!tip) throw problem(404, 'Branch not found');
  const body = { name, commit: shapes(ask.context).commit(repository, tip), protected: false };
  return { status: 200, body };
}

async function gitRef(ask: Ask): Promise<Answer> {
  const repository = repositoryOf(ask);
  const ref = `refs/${ask.params.ref}`;
  const sha = (await refs(folderOf(ask.context, repository), ref)).get(ref);
  if (!sha) throw problem(404, 'Not Found');
  const route = shapes(ask.context).route(repository);
  const object = { type: 'commit', sha, url: `${route}/git/commits/${sha}` };
  return { status: 200, body: { ref, url: `${route}/git/${ref}`, object } };
}

async function gitTree(ask: Ask): Promise<Answer> {
  const repository = repositoryOf(ask);
  const folder = folderOf(ask.context, repository);
  const name = ask.params.sha ?? '';
  const recursive = ask.query.has('recursive');
  const sha = (await commitOf(folder, name)) ?? (/^[0-9a-f]{40}$/.test(name) ? name : undefined);
  const entries = sha && (await tree(folder, sha, { recursive }));
  if (!entries) throw problem(404, 'Not Found');
  const route = shapes(ask.context).route(repository);
  const shaped = entries.map((entry) => ({ ...entry, url: `${route}/git/${entry.type}s/${entry.sha}` }));
  return { status: 200, body: { sha, url: `${route}/git/trees/${sha}`, tree: shaped, truncated: false } };
}

async function contents(ask: Ask): Promise<Answer> {
  const repository = repositoryOf(ask);
  const folder = folderOf(ask.context, repository);
  const path = (ask.params.path ?? '').replace(/\/+$/, '');
  const ref = ask.query.get('ref') ?? repository.defaultBranch;
  const sha = await commitOf(folder, ref);
  if (!sha) throw problem(404, `No commit found for the ref ${ref}`);

  const entry = path ? await entryAt(folder, sha, path) : undefined;
  if (path && !entry) throw problem(404, 'Not Found');
  if (entry?.type === 'blob') return fileContents(ask, repository, { entry, ref });
  const entries = (await tree(folder, sha, { path })) ?? [];
  const body = entries.map((one) => {
    return contentFacts(ask, repository, {
      entry: { ...one, path: [path, one.path].filter(Boolean).join('/') },
      ref,
    });
  });
  return { status: 200, body };
}

interface At {
  entry: TreeEntry;
  ref: string;
}

async function fileContents(ask: Ask, repository: Repository, at: At): Promise<Answer> {
  const bytes = await blob(folderOf(ask.context, repository), at.entry.sha);
  if (/\braw\b/.test(ask.accept)) return { status: 200, type: 'application/vnd.github.raw', body: bytes };
  const content = bytes.toString('base64').replaceAll(/.{60}/g, '$&\n');
  return { status: 200, body: { ...contentFacts(ask, repository, at), encoding: 'base64', content } };
}

function contentFacts({ context }: Ask, repository: Repository, { entry, ref }: At) {
  const { route, page } = shapes(context);
  const type = { blob: 'file', tree: 'dir', commit: 'submodule' }[entry.type];
  const at = `${encodeURI(entry.path)}?ref=${encodeURIComponent(ref)}`;
  return {
    name: entry.path.split('/').at(-1),
    path: entry.path,
    sha: entry.sha,
    size: entry.size ?? 0,
    type,
    url: `${route(repository)}/contents/${at}`,
    html_url: `${page(repository)}/blob/${at}`,
    git_url: `${route(repository)}/git/${entry.type}s/${entry.sha}`,
    download_url: null,
  };
}

async function commits(ask: Ask): Promise<Answer> {
  const repository = repositoryOf(ask);
  const folder = folderOf(ask.context, repository);
  const sha = await commitOf(folder, ask.query.get('sha') ?? repository.defaultBranch);
  if (!sha) throw problem(404, 'Not Found');
  const { page, size } = pageIn(ask.query);
  const total = await count(folder, sha);
  const part = await log(folder, sha, { limit: size, skip: (page - 1) * size });
  const list = new Array<Commit>(total);
  for (const [index, one] of part.entries()) list[(page - 1) * size + index] = one;
  return listed(ask, list, (one) => shapes(ask.context).commit(repository, one));
}

async function commit(ask: Ask): Promise<Answer> {
  const repository = repositoryOf(ask);
  const sha = await commitOf(folderOf(ask.context, repository), ask.params.ref ?? '');
  const one = sha && (await commitAt(ask, repository, sha));
  if (!one) throw problem(422, `No commit found for SHA: ${ask.params.ref}`);
  return { status: 200, body: shapes(ask.context).commit(repository, one) };
}

async function comparison(ask: Ask): Promise<Answer> {
  const repository = repositoryOf(ask);
  const folder = folderOf(ask.context, repository);
  const [baseName = '', headName = ''] = (ask.params.range ?? '').split('...');
  const base = await commitOf(folder, baseName);
  const head = await commitOf(folder, headName.replace(`${repository.owner}:`, ''));
  if (!base || !head) throw problem(404, 'Not Found');

  const { from, commits: ahead, files } = await compare(folder, base, head);
  if (/\b(diff|patch)\b/.test(ask.accept)) return diffAnswer(await diffText(folder, from, head));
  const shape = shapes(ask.context);
  const behindBy = await count(folder, `${head}..${base}`);
  const at = async (sha: string) => {
    const found = await commitAt(ask, repository, sha);
    return found && shape.commit(repository, found);
  };
  const body = {
    url: `${shape.route(repository)}/compare/${ask.params.range}`,
    status: statusOf(ahead.length, behindBy),
    ahead_by: ahead.length,
    behind_by: behindBy,
    total_commits: ahead.length,
    base_commit: await at(base),
    merge_base_commit: await at(from),
    commits: ahead.map((one) => shape.commit(repository, one)),
    files: files.map((file) => shape.file(repository, file, head)),
  };
  return { status: 200, body };
}

function statusOf(ahead: number, behind: number): string {
  if (ahead > 0 && behind > 0) return 'diverged';
  if (ahead > 0) return 'ahead';
  return behind > 0 ? 'behind' : 'identical';
}

export function diffAnswer(text: string): Answer {
  return { status: 200, type: 'application/vnd.github.diff; charset=utf-8', body: text };
}

async function commitAt({ context }: Ask, repository: Repository, sha: string): Promise<Commit | undefined> {
  return (await log(folderOf(context, repository), sha, { limit: 1 }))[0];
}
