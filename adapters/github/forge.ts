import { Fault } from '#core/fault.ts';
import type { Forge, PullRequest } from '#core/ports.ts';
import type { Repository } from '#core/projects/project.ts';
import { github } from './client.ts';
import { type Place, trying } from './place.ts';
import { reviewing } from './reviews.ts';

/** A repository at GitHub, GitHub Enterprise, or anything that speaks their REST API. */
export function githubForge(
  { fullName, apiUrl }: Pick<Repository, 'fullName' | 'apiUrl'>,
  auth: string,
): Forge {
  const [owner = '', repo = ''] = fullName.split('/');
  const place = { client: github(apiUrl, auth), owner, repo };
  return {
    head: (branch) => trying(`find the branch ${branch}`, () => head(place, branch)),
    files: (ref) => trying(`list the files of ${fullName}`, () => files(place, ref)),
    read: (path, ref) => trying(`read ${path}`, () => read(place, path, ref)),
    openPullRequest: (request) => trying('open the pull request', () => openOnce(place, request)),
    ...reviewing(place),
  };
}

async function head({ client, owner, repo }: Place, branch: string): Promise<string> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/git/ref/{ref}', {
    owner,
    repo,
    ref: `heads/${branch}`,
  });
  return data.object.sha;
}

async function files({ client, owner, repo }: Place, ref: string): Promise<{ path: string; size: number }[]> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/git/trees/{tree_sha}', {
    owner,
    repo,
    tree_sha: ref,
    recursive: '1',
  });
  return data.tree.flatMap(({ type, path, size }) =>
    type === 'blob' && path ? [{ path, size: size ?? 0 }] : [],
  );
}

async function read({ client, owner, repo }: Place, path: string, ref: string): Promise<string> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/contents/{path}', {
    owner,
    repo,
    path,
    ref,
  });
  if (Array.isArray(data) || data.type !== 'file' || !('content' in data))
    throw new Fault('NotFound', `${path} is not a file`);
  return Buffer.from(data.content, 'base64').toString();
}

type Request = Parameters<Forge['openPullRequest']>[0];

/** Looks before and, when the forge says that there is one already, after: two calls at once end with one pull request. */
async function openOnce(place: Place, request: Request): Promise<PullRequest> {
  const before = await existing(place, request);
  if (before) return before;
  const { client, owner, repo } = place;
  const { branch, ...rest } = request;
  try {
    const { data } = await client.request('POST /repos/{owner}/{repo}/pulls', {
      owner,
      repo,
      head: branch,
      ...rest,
    });
    return pullRequest(data);
  } catch (error) {
    const raced = (error as { status?: number }).status === 422 ? await existing(place, request) : undefined;
    if (!raced) throw error;
    return raced;
  }
}

/** The branch's open pull request, else its merged one. One that a person closed unmerged does not stand in the way. */
async function existing(
  { client, owner, repo }: Place,
  { branch, base }: Request,
): Promise<PullRequest | undefined> {
  const { data } = await client.request('GET /repos/{owner}/{repo}/pulls', {
    owner,
    repo,
    head: `${owner}:${branch}`,
    base,
    state: 'all',
    per_page: 100,
  });
  const own = data.filter(({ head }) => head.ref === branch).map(pullRequest);
  return own.find(({ state }) => state === 'open') ?? own.find(({ state }) => state === 'merged');
}

interface PullRequestData {
  html_url: string;
  number: number;
  state: string;
  merged_at?: string | null;
  head: { sha: string };
}

function pullRequest({ html_url, number, state, merged_at, head }: PullRequestData): PullRequest {
  const became = merged_at ? 'merged' : 'closed';
  return { url: html_url, number, state: state === 'open' ? 'open' : became, headSha: head.sha };
}
