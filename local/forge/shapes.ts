import { createHash } from 'node:crypto';
import type { Context } from './context.ts';
import type { FileChange } from './diff.ts';
import type { Commit } from './objects.ts';
import type { Comment, Issue, Pull, Repository } from './records.ts';

/** The parts of a pull request that git knows and the store does not. */
export interface PullNumbers {
  commits: number;
  additions: number;
  deletions: number;
  changedFiles: number;
  mergeable?: boolean;
}

/** How GitHub's REST interface spells each thing; the subset that a client of the routes offered here reads. */
export function shapes(context: Pick<Context, 'origin' | 'accounts'>) {
  const basics = basicShapes(context);
  const threads = threadShapes(basics);
  return { ...basics, ...codeShapes(basics), ...threads, ...pullShapes(basics, threads) };
}

type Basics = ReturnType<typeof basicShapes>;

function basicShapes({ origin, accounts }: Pick<Context, 'origin' | 'accounts'>) {
  const api = () => `${origin()}/api/v3`;
  const page = ({ owner, name }: Repository) => `${origin()}/${owner}/${name}`;
  const route = ({ owner, name }: Repository) => `${api()}/repos/${owner}/${name}`;

  function user(login: string) {
    const type = accounts.find((account) => account.login === login)?.type ?? 'User';
    const id = createHash('sha256').update(login).digest().readUInt32BE();
    const avatar = { avatar_url: '', gravatar_id: '', site_admin: false };
    return {
      login,
      id,
      node_id: node('U', id),
      ...avatar,
      url: `${api()}/users/${login}`,
      html_url: `${origin()}/`,
      type,
    };
  }

  function repository(one: Repository) {
    const { id, owner, name } = one;
    return {
      id,
      node_id: node('R', id),
      name,
      full_name: `${owner}/${name}`,
      private: one.private,
      visibility: one.private ? 'private' : 'public',
      owner: user(owner),
      html_url: page(one),
      url: route(one),
      clone_url: `${page(one)}.git`,
      description: one.description || null,
      fork: false,
      archived: false,
      disabled: false,
      default_branch: one.defaultBranch,
      created_at: one.createdAt,
      allow_merge_commit: true,
      allow_squash_merge: true,
      allow_rebase_merge: false,
      delete_branch_on_merge: false,
    };
  }

  return { page, route, user, repository };
}

function codeShapes({ route, page }: Basics) {
  function commit(of: Repository, { sha, tree, parents, author, committer, message }: Commit) {
    const at = (id: string) => ({ sha: id, url: `${route(of)}/commits/${id}` });
    const verification = { verified: false, reason: 'unsigned', signature: null, payload: null };
    const treeAt = { sha: tree, url: `${route(of)}/git/trees/${tree}` };
    return {
      ...at(sha),
      node_id: node('C', sha),
      html_url: `${page(of)}/commit/${sha}`,
      commit: { author, committer, message, tree: treeAt, comment_count: 0, verification },
      author: null,
      committer: null,
      parents: parents.map(at),
    };
  }

  function file(of: Repository, change: FileChange, sha: string) {
    const { path, previousPath, status, additions, deletions, patch } = change;
    return {
      sha,
      filename: path,
      status,
      additions,
      deletions,
      changes: additions + deletions,
      contents_url: `${route(of)}/contents/${encodeURI(path)}`,
      ...(previousPath && { previous_filename: previousPath }),
      ...(patch !== undefined && { patch }),
    };
  }

  return { commit, file };
}

function threadShapes({ route, page, user }: Basics) {
  function issue(of: Repository, one: Issue, comments = 0) {
    const kind = one.pull ? 'pull' : 'issues';
    return {
      id: one.id,
      node_id: node('I', one.id),
      number: one.number,
      title: one.title,
      body: one.body || null,
      state: one.state,
      locked: false,
      user: user(one.author),
      labels: [],
      assignees: [],
      comments,
      created_at: one.createdAt,
      updated_at: one.updatedAt,
      closed_at: one.closedAt ?? null,
      url: `${route(of)}/issues/${one.number}`,
      html_url: `${page(of)}/${kind}/${one.number}`,
      comments_url: `${route(of)}/issues/${one.number}/comments`,
      ...(one.pull && { pull_request: { url: `${route(of)}/pulls/${one.number}` } }),
    };
  }

  function comment(of: Repository, one: Comment) {
    return {
      id: one.id,
      node_id: node('IC', one.id),
      url: `${route(of)}/issues/comments/${one.id}`,
      html_url: `${page(of)}/pull/${one.number}#comment-${one.id}`,
      issue_url: `${route(of)}/issues/${one.number}`,
      body: one.body,
      user: user(one.author),
      created_at: one.createdAt,
      updated_at: one.updatedAt,
    };
  }

  return { issue, comment };
}

function pullShapes({ route, page, user, repository }: Basics, { issue }: ReturnType<typeof threadShapes>) {
  function end(of: Repository, ref: string, sha: string) {
    return { label: `${of.owner}:${ref}`, ref, sha, user: user(of.owner), repo: repository(of) };
  }

  /** A pull request in a list; {@link pullDetail} adds what GitHub only tells about a single one. */
  function pull(of: Repository, one: Pull) {
    const { head, base, headSha, baseSha, draft, mergedAt, mergeSha } = one.pull;
    const { pull_request: _, comments: __, ...shared } = issue(of, one);
    return {
      ...shared,
      url: `${route(of)}/pulls/${one.number}`,
      diff_url: `${page(of)}/pull/${one.number}.diff`,
      patch_url: `${page(of)}/pull/${one.number}.patch`,
      issue_url: shared.url,
      merged_at: mergedAt ?? null,
      merge_commit_sha: mergeSha ?? null,
      draft,
      requested_reviewers: [],
      head: end(of, head, headSha),
      base: end(of, base, baseSha),
    };
  }

  function pullDetail(of: Repository, one: Pull, numbers: PullNumbers) {
    const { commits, additions, deletions, changedFiles, mergeable } = numbers;
    return {
      ...pull(of, one),
      merged: one.pull.mergedAt !== undefined,
      merged_by: one.pull.mergedBy ? user(one.pull.mergedBy) : null,
      mergeable: mergeable ?? null,
      mergeable_state: mergeable === undefined ? 'unknown' : mergeable ? 'clean' : 'dirty',
      commits,
      additions,
      deletions,
      changed_files: changedFiles,
    };
  }

  return { pull, pullDetail };
}

export function node(kind: string, id: number | string): string {
  return `${kind}_${Buffer.from(String(id)).toString('base64url')}`;
}
