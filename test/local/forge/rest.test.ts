import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  cloneUrl,
  git,
  octokit,
  openTestForge,
  pushBranch,
  READER,
  type TestForge,
  temporary,
  WRITER,
} from './open.ts';

const at = { owner: 'acme', repo: 'tap' };

let forge: TestForge;
let rest: ReturnType<typeof octokit>['rest'];
beforeAll(async () => {
  forge = await openTestForge();
  rest = octokit(forge).rest;
  await pushBranch(forge, 'fix/one');
});
afterAll(() => forge.close());

it('reads a repository, its branches, refs, trees, files and commits', async () => {
  const { data: repository } = await rest.repos.get(at);
  const { data: branch } = await rest.repos.getBranch({ ...at, branch: 'fix/one' });
  const { data: ref } = await rest.git.getRef({ ...at, ref: 'heads/fix/one' });
  const { data: tree } = await rest.git.getTree({ ...at, tree_sha: 'main', recursive: '1' });
  const { data: file } = await rest.repos.getContent({ ...at, path: 'client.py', ref: 'fix/one' });
  const { data: folder } = await rest.repos.getContent({ ...at, path: '' });
  const { data: commit } = await rest.repos.getCommit({ ...at, ref: 'main' });
  const { data: user } = await rest.users.getAuthenticated();

  expect(repository).toMatchObject({ full_name: 'acme/tap', default_branch: 'main', private: true });
  expect(ref.object.sha).toBe(branch.commit.sha);
  expect(tree.tree.map(({ path }) => path)).toEqual(['README.md', 'client.py']);
  expect(Buffer.from((file as { content: string }).content, 'base64').toString()).toContain('two = 22');
  expect(folder).toMatchObject([{ name: 'README.md', type: 'file' }, { name: 'client.py' }]);
  expect(commit.commit.message).toBe('Initial commit');
  expect(user.login).toBe('signalbox');
});

it('compares', async () => {
  const { data } = await rest.repos.compareCommitsWithBasehead({ ...at, basehead: 'main...fix/one' });

  expect(data).toMatchObject({ status: 'ahead', ahead_by: 1, behind_by: 0 });
  expect(data.files).toMatchObject([
    { filename: 'client.py', status: 'modified', additions: 1, deletions: 1 },
  ]);
});

it('takes a pull request from opening to merging', async () => {
  const title = 'Two is 22';
  const { data: opened } = await rest.pulls.create({
    ...at,
    title,
    head: 'fix/one',
    base: 'main',
    body: 'why',
  });
  const number = { ...at, pull_number: opened.number };
  const { data: found } = await rest.pulls.list({ ...at, head: 'acme:fix/one', state: 'all' });
  const { data: files } = await rest.pulls.listFiles(number);
  const { data: comment } = await rest.issues.createComment({
    ...at,
    issue_number: opened.number,
    body: 'one',
  });
  await rest.issues.updateComment({ ...at, comment_id: comment.id, body: 'two' });
  const { data: comments } = await rest.issues.listComments({ ...at, issue_number: opened.number });
  const { data: edited } = await rest.pulls.update({ ...number, title: 'Two becomes 22' });
  const diff = await rest.pulls.get({ ...number, mediaType: { format: 'diff' } });
  const { data: merged } = await rest.pulls.merge({ ...number, sha: opened.head.sha });
  const { data: after } = await rest.pulls.get(number);

  expect(opened).toMatchObject({
    state: 'open',
    mergeable: true,
    user: { login: 'signalbox', type: 'Bot' },
  });
  expect(opened.html_url).toBe(`${forge.origin}/acme/tap/pull/${opened.number}`);
  expect(found.map(({ id }) => id)).toEqual([opened.id]);
  expect(files[0]?.patch).toContain('+two = 22');
  expect(comments.map(({ body }) => body)).toEqual(['two']);
  expect(edited).toMatchObject({ title: 'Two becomes 22', body: 'why' });
  expect(diff.data as unknown as string).toMatch(/^diff --git/);
  expect(after).toMatchObject({
    state: 'closed',
    merged: true,
    merge_commit_sha: merged.sha,
    changed_files: 1,
  });
  expect(await git(forge.bare, 'show', 'main:client.py')).toContain('two = 22');
  expect(await git(forge.bare, 'rev-list', '--count', '--merges', 'main')).toBe('1');
  await expect(rest.pulls.merge(number)).rejects.toMatchObject({ status: 405 });
});

it('pages with Link headers', async () => {
  const body = (n: number) => ({ ...at, issue_number: 1, body: `no. ${n}` });
  for (let n = 0; n < 6; n += 1) await rest.issues.createComment(body(n));

  const kit = octokit(forge);
  const all = await kit.paginate(kit.rest.issues.listComments, { ...at, issue_number: 1, per_page: 2 });
  const commits = await kit.paginate(kit.rest.repos.listCommits, { ...at, sha: 'main', per_page: 1 });

  expect(all.slice(-6).map((one) => one.body)).toEqual([0, 1, 2, 3, 4, 5].map((n) => `no. ${n}`));
  expect(commits.map(({ commit }) => commit.message.split(' ')[0])).toEqual(['Merge', 'Change', 'Initial']);
});

it('opens one of fifty pull requests sent at once', async () => {
  await pushBranch(forge, 'fix/many', { 'new.py': 'x = 1\n' });
  const attempt = () => rest.pulls.create({ ...at, title: 'many', head: 'acme:fix/many', base: 'main' });

  const results = await Promise.allSettled(Array.from({ length: 50 }, attempt));

  const refused = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  expect(refused).toHaveLength(49);
  expect(refused[0]?.reason).toMatchObject({ status: 422 });
  expect(refused[0]?.reason.message).toContain('A pull request already exists for acme:fix/many.');
});

it.each([
  ['a missing head', { head: 'nowhere' }, 'invalid'],
  ['a missing base', { base: 'nowhere' }, 'invalid'],
  ["another owner's head", { head: 'else:fix/one' }, 'invalid'],
  ['nothing to merge', { head: 'main' }, 'No commits between main and main'],
  ['no title', { title: undefined as unknown as string }, 'missing_field'],
])('refuses a pull request with %s', async (_, change, says) => {
  const wanted = { ...at, title: 'x', head: 'fix/one', base: 'main', ...change };

  await expect(rest.pulls.create(wanted)).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining(says),
  });
});

it('does not merge what conflicts, nor what has moved', async () => {
  await pushBranch(forge, 'fix/left', { 'client.py': 'left\n' });
  await pushBranch(forge, 'fix/right', { 'client.py': 'right\n' });
  const pull = async (head: string) =>
    (await rest.pulls.create({ ...at, title: head, head, base: 'main' })).data;
  const left = await pull('fix/left');
  const right = await pull('fix/right');
  await expect(
    rest.pulls.merge({ ...at, pull_number: left.number, sha: right.head.sha }),
  ).rejects.toMatchObject({ status: 409 });
  await rest.pulls.merge({ ...at, pull_number: left.number, merge_method: 'squash' });

  expect((await rest.pulls.get({ ...at, pull_number: right.number })).data).toMatchObject({
    mergeable: false,
    mergeable_state: 'dirty',
  });
  await expect(rest.pulls.merge({ ...at, pull_number: right.number })).rejects.toMatchObject({
    status: 405,
  });
});

it('sees pushes to, merges of and deletions of a branch under review', async () => {
  const work = await pushBranch(forge, 'fix/follow', { 'follow.py': '1\n' });
  const gone = await pushBranch(forge, 'fix/gone', { 'gone.py': '1\n' });
  const pull = async (head: string) =>
    (await rest.pulls.create({ ...at, title: head, head, base: 'main' })).data;
  const one = { ...at, pull_number: (await pull('fix/follow')).number };
  const other = { ...at, pull_number: (await pull('fix/gone')).number };

  await git(work, 'commit', '--quiet', '--allow-empty', '-m', 'more');
  await git(work, 'push', '--quiet', 'origin', 'fix/follow');
  expect((await rest.pulls.get(one)).data).toMatchObject({ commits: 2, state: 'open' });

  await git(work, 'push', '--quiet', 'origin', 'fix/follow:main');
  await git(gone, 'push', '--quiet', 'origin', ':fix/gone');
  expect((await rest.pulls.get(one)).data).toMatchObject({ merged: true, changed_files: 1 });
  expect((await rest.pulls.get(other)).data).toMatchObject({ merged: false, state: 'closed' });
});

it.each([
  ['a wrong token', 'wrong', 401, 'Bad credentials'],
  ['nobody, of a private repository', '', 404, 'Not Found'],
])('hides everything from %s', async (_, auth, status, message) => {
  const answer = octokit(forge, auth).rest.repos.get(at);

  await expect(answer).rejects.toMatchObject({ status, message: expect.stringContaining(message) });
});

it('lets a reader change nothing', async () => {
  const reader = octokit(forge, READER).rest;

  await expect(reader.issues.createComment({ ...at, issue_number: 1, body: 'x' })).rejects.toMatchObject({
    status: 403,
  });
  expect((await reader.repos.get(at)).status).toBe(200);
});

it('names what it does not implement', async () => {
  await expect(rest.repos.listDeployments(at)).rejects.toMatchObject({
    status: 404,
    message: expect.stringContaining('does not implement GET /repos/acme/tap/deployments'),
  });
});

it('keeps the head of a pull request within reach after its branch is gone', async () => {
  const clone = temporary('work');
  await git(clone, 'clone', '--quiet', cloneUrl(forge, WRITER), '.');
  await git(clone, 'fetch', '--quiet', 'origin', 'refs/pull/1/head');

  expect(await git(clone, 'show', 'FETCH_HEAD:client.py')).toContain('two = 22');
});
