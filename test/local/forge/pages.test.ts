import { afterAll, beforeAll, expect, it } from 'vitest';
import { git, octokit, openTestForge, pushBranch, type TestForge } from './open.ts';

const at = { owner: 'acme', repo: 'tap' };

let forge: TestForge;
beforeAll(async () => {
  forge = await openTestForge();
});
afterAll(() => forge.close());

async function openPull(branch: string, body = 'Because **it** is wrong.') {
  await pushBranch(forge, branch, { [`${branch}.py`]: 'x = 1 < 2\n' });
  const title = `<script>alert('${branch}')</script>`;
  return (await octokit(forge).rest.pulls.create({ ...at, title, body, head: branch, base: 'main' })).data;
}

const get = async (path: string) => (await fetch(forge.origin + path)).text();
const press = (path: string, headers: Record<string, string>, body = '') =>
  fetch(forge.origin + path, {
    method: 'POST',
    redirect: 'manual',
    headers,
    body: new URLSearchParams(body),
  });

it('show repositories, files, commits and pull requests', async () => {
  const { number, head } = await openPull('shown');

  expect(await get('/')).toContain('<b>acme/tap</b>');
  expect(await get('/acme/tap')).toMatch(/client\.py[\s\S]*shown[\s\S]*Initial commit/);
  expect(await get('/acme/tap/blob/client.py')).toContain('two = 2');
  expect(await get(`/acme/tap/commit/${head.sha}`)).toContain('x = 1 &#60; 2');
  expect(await get('/acme/tap/pulls')).toContain(`/acme/tap/pull/${number}`);
  expect(await get(`/acme/tap/pull/${number}`)).toMatch(
    /<strong>it<\/strong>[\s\S]*class="add">\+x = 1 &#60; 2/,
  );
  expect(await get(`/acme/tap/pull/${number}.diff`)).toMatch(/^diff --git/);
});

it('run nothing that a title, a description or a comment brings along', async () => {
  const evil = '<img src=x onerror=alert(1)> [link](javascript:alert(1)) ![x](javascript:alert(2))';
  const { number } = await openPull('evil', evil);
  await octokit(forge).rest.issues.createComment({ ...at, issue_number: number, body: evil });

  const response = await fetch(`${forge.origin}/acme/tap/pull/${number}`);
  const text = await response.text();

  expect(text).not.toMatch(/<script|<img src=x|href="javascript|src="javascript/);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
});

it('merge for real when the button is pressed', async () => {
  const { number } = await openPull('pressed');

  const response = await press(`/acme/tap/pull/${number}/merge`, { origin: forge.origin });

  expect(response.headers.get('location')).toBe(`/acme/tap/pull/${number}`);
  expect(await git(forge.bare, 'show', 'main:pressed.py')).toBe('x = 1 < 2');
  expect(await get(`/acme/tap/pull/${number}`)).toMatch(/class="state merged"[\s\S]*merged by dana/);
});

it('take a review with a remark on a line, and show it', async () => {
  const { number } = await openPull('reviewed');
  const path = `/acme/tap/pull/${number}`;
  const send = (body: string) => press(`${path}/review`, { origin: forge.origin }, body);
  const remark = 'path=reviewed.py&line=1&remark=Why+*this*';

  expect((await send(`event=REQUEST_CHANGES&body=Not+yet&${remark}`)).status).toBe(303);
  expect((await send('event=REQUEST_CHANGES&body=+')).status).toBe(422);
  expect((await send('event=SHIP_IT&body=x')).status).toBe(422);
  expect((await send(`event=COMMENT&body=x&path=client.py&line=1&remark=y`)).status).toBe(422);
  expect(await get(path)).toMatch(
    /<b>dana<\/b> requests changes[\s\S]*Not yet[\s\S]*reviewed\.py:1[\s\S]*<em>this<\/em>/,
  );
});

it('close, and take comments', async () => {
  const { number } = await openPull('closed');
  await press(`/acme/tap/pull/${number}/comment`, { origin: forge.origin }, 'body=No+thanks');
  await press(`/acme/tap/pull/${number}/close`, { origin: forge.origin });

  expect(await get(`/acme/tap/pull/${number}`)).toMatch(/class="state closed"[\s\S]*No thanks/);
});

it.each([
  ['another site', { origin: 'http://evil.example' }],
  ['nowhere', {}],
] as [string, Record<string, string>][])('refuse a form from %s', async (name, headers) => {
  const { number } = await openPull(`forged-${name.split(' ')[0]}`);

  expect((await press(`/acme/tap/pull/${number}/merge`, headers)).status).toBe(403);
  expect((await octokit(forge).rest.pulls.get({ ...at, pull_number: number })).data.state).toBe('open');
});

it.each([
  '/none',
  '/acme/none',
  '/acme/tap/pull/99',
  '/acme/tap/blob/%2e%2e%2fHEAD',
  '/%ff',
  '/acme/tap/wiki',
])('answer 404 for %s', async (path) => {
  expect((await fetch(forge.origin + path)).status).toBe(404);
});
