import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { github, gitToken } from '#adapters/github/client.ts';
import { githubForge } from '#adapters/github/forge.ts';
import { isSigned } from '#adapters/github/signature.ts';
import { isFresh, isSignedMessage, messageOf, signMessage } from '#adapters/standard-webhooks.ts';
import {
  octokit,
  openTestForge,
  pushBranch,
  READER,
  type TestForge,
  WRITER,
} from '../../local/forge/open.ts';
import { watched } from '../../support/vendors/published.ts';

let local: TestForge;
const published = watched(() => `${local.origin}/api/v3`);
beforeAll(async () => {
  local = await openTestForge();
});
afterAll(async () => {
  published.stop();
  await local.close();
});

function forge(auth = WRITER, fullName = 'acme/tap') {
  return githubForge({ fullName, apiUrl: `${local.origin}/api/v3` }, auth);
}

it('reads a repository', async () => {
  const sha = await forge().head('main');

  expect(sha).toMatch(/^[0-9a-f]{40}$/);
  expect((await forge().files('main')).map(({ path }) => path)).toEqual(['README.md', 'client.py']);
  expect(await forge().read('client.py', sha)).toContain('two = 2');
});

it('reads files in folders', async () => {
  await pushBranch(local, 'fix/nested', { 'client.py': 'x = 1\n' });

  expect(await forge().read('client.py', 'fix/nested')).toBe('x = 1\n');
});

it('opens one pull request for a branch, however many ask, and finds it once it is merged', async () => {
  await pushBranch(local, 'fix/ETL-1-one');
  const request = { branch: 'fix/ETL-1-one', base: 'main', title: 'One', body: 'why' };
  const opened = await Promise.all(Array.from({ length: 5 }, () => forge().openPullRequest(request)));

  expect(new Set(opened.map(({ number }) => number)).size).toBe(1);
  const [{ number } = { number: 0 }] = opened;
  await github(`${local.origin}/api/v3`, WRITER).request(
    'PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge',
    {
      owner: 'acme',
      repo: 'tap',
      pull_number: number,
    },
  );
  expect(await forge().openPullRequest(request)).toMatchObject({ number, state: 'merged' });
});

it('hears what a review and a comment ask for, and from whom', async () => {
  await pushBranch(local, 'fix/asked', { 'asked.py': 'x = 1\n' });
  const request = { branch: 'fix/asked', base: 'main', title: 'Asked', body: 'why' };
  const { number } = await forge().openPullRequest(request);
  const { rest } = octokit(local, READER);
  const where = { owner: 'acme', repo: 'tap', pull_number: number };
  const comments = [{ path: 'asked.py', line: 1, body: 'Why?' }];
  const review = { event: 'REQUEST_CHANGES' as const, body: 'Not yet', comments };
  const { data: said } = await rest.pulls.createReview({ ...where, ...review });
  await forge().reply(number, { id: 'run_1', body: 'Done' });
  const { data: replies } = await rest.issues.listComments({
    owner: 'acme',
    repo: 'tap',
    issue_number: number,
  });

  expect(await forge().asked(number, `review/${said.id}`)).toEqual({
    ...{ ref: `review/${said.id}`, by: 'visitor', text: 'Not yet' },
    remarks: [{ path: 'asked.py', line: 1, text: 'Why?' }],
  });
  expect(await forge().asked(number, `comment/${replies[0]?.id}`)).toMatchObject({
    ...{ by: 'signalbox', text: expect.stringContaining('Done'), remarks: [] },
  });
  expect(await forge().asked(number, 'review/999')).toBeUndefined();
  const who = ['dana', 'signalbox', 'visitor', 'nobody'];
  expect(await Promise.all(who.map((login) => forge().mayWrite(login)))).toEqual([true, true, false, false]);
});

it('replies once however often it is told to, and gives a pull request another text', async () => {
  await pushBranch(local, 'fix/reply', { 'reply.py': 'x = 1\n' });
  const request = { branch: 'fix/reply', base: 'main', title: 'Reply', body: 'why' };
  const { number } = await forge().openPullRequest(request);
  for (const id of ['run_1', 'run_1', 'run_2']) await forge().reply(number, { id, body: `Of ${id}` });
  await forge().describe(number, 'because');

  const { rest } = octokit(local);
  const where = { owner: 'acme', repo: 'tap' };
  const { data } = await rest.issues.listComments({ ...where, issue_number: number });
  expect(data.map(({ body }) => body?.split('\n')[0])).toEqual(['Of run_1', 'Of run_2']);
  expect((await rest.pulls.get({ ...where, pull_number: number })).data.body).toBe('because');
});

it.each([
  ['a branch that is not there', () => forge().head('none'), 'NotFound'],
  ['a repository that is not there', () => forge(WRITER, 'acme/none').files('main'), 'NotFound'],
  ['a refused token', () => forge('wrong').head('main'), 'Forbidden'],
  [
    'nobody there',
    () => githubForge({ fullName: 'a/b', apiUrl: 'http://127.0.0.1:1' }, 'x').head('main'),
    'Unavailable',
  ],
  [
    'a broken App',
    async () => githubForge({ fullName: 'a/b', apiUrl: local.origin }, '{"appId":1}').head('main'),
    'Unavailable',
  ],
])('says what is wrong with %s', async (_, work, code) => {
  await expect(work()).rejects.toMatchObject({ code });
});

it('takes an App, whose token it asks the forge for', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const app = {
    appId: 7,
    installationId: '9',
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url, request.headers.authorization?.split(' ')[0]);
    const token = { token: 'ghs_minted', expires_at: '2999-01-01T00:00:00Z', permissions: {} };
    const isToken = request.url === '/app/installations/9/access_tokens';
    response.writeHead(isToken ? 201 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isToken ? token : { object: { sha: request.headers.authorization } }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sha = await githubForge({ fullName: 'acme/tap', apiUrl }, JSON.stringify(app)).head('main');
  const git = await gitToken(apiUrl, JSON.stringify(app));
  server.closeAllConnections();
  server.close();

  expect(sha).toBe('token ghs_minted');
  expect(git).toBe('ghs_minted');
  expect(seen.slice(0, 2)).toEqual(['/app/installations/9/access_tokens', 'bearer']);
});

const raw = Buffer.from('Hello, World!');

it.each([
  [
    "GitHub's published example",
    'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    "It's a Secret to Everybody",
    true,
  ],
  ['another key', 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17', 'other', false],
  ['an empty key', 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17', '', false],
  ['no header', undefined, "It's a Secret to Everybody", false],
  ['a short digest', 'sha256=757107', "It's a Secret to Everybody", false],
  [
    'another scheme',
    'sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
    "It's a Secret to Everybody",
    false,
  ],
])('judges a signature: %s', (_, header, key, good) => {
  expect(isSigned(raw, header, key)).toBe(good);
});

it("agrees with Standard Webhooks' published example", () => {
  const body = Buffer.from('{"test": 2432232314}');
  const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const headers = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v2,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  };
  const message = messageOf(headers, body);
  if (!message) throw new Error('no message');

  expect(isSignedMessage(message, key)).toBe(true);
  expect(signMessage(message, key)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  expect(isSignedMessage(message, '')).toBe(false);
  expect(isSignedMessage({ ...message, id: 'other' }, key)).toBe(false);
  expect(isFresh(message, new Date(1614265630_000))).toBe(true);
  expect(isFresh(message, new Date(1614265631_000))).toBe(false);
  expect(messageOf({ ...headers, 'webhook-timestamp': '1e9' }, body)).toBeUndefined();
});

it('asks for nothing, and is answered nothing, that GitHub’s published description does not have', () => {
  expect(published.calls.length).toBeGreaterThan(10);
  expect(published.unlike.filter((one) => !one.includes('as far as it is kept here'))).toEqual([]);
});
