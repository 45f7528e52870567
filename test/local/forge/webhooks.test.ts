import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { verify } from '@octokit/webhooks-methods';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '#local/clock.ts';
import { git, octokit, openTestForge, pushBranch, READER } from './open.ts';

const at = { owner: 'acme', repo: 'tap' };
const SECRET = 'a webhook secret';
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Received {
  headers: IncomingHttpHeaders;
  text: string;
  body: { ref?: string; action?: string; pull_request?: { merged: boolean } };
}

type Example = { review?: { id: number }; comment?: object };

/** Receives deliveries and answers each with the next of `statuses`, then 204. */
async function receiver(...statuses: number[]) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const text = (await request.toArray()).join('');
    received.push({ headers: request.headers, text, body: JSON.parse(text) });
    response.writeHead(statuses.shift() ?? 204).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  open.push(() => new Promise((done) => server.close(() => done())));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const of = (event: string) => received.filter(({ headers }) => headers['x-github-event'] === event);
  return { url, received, of };
}

/** A clock on which every wait is a hundred times shorter. */
function hurriedClock() {
  const { at: after } = systemClock();
  const begin = Date.now();
  const now = () => begin + (Date.now() - begin) * 100;
  return { now, at: (time: number, work: () => void) => after(Date.now() + (time - now()) / 100, work) };
}

describe('webhooks', () => {
  it('tell of a push, a pull request, a comment and a merge, signed like GitHub', async () => {
    const forge = await openTestForge();
    open.push(forge.close);
    const { url, received, of } = await receiver();
    forge.forge.setWebhook({ owner: 'acme', name: 'tap', url, secret: SECRET });
    const { rest } = octokit(forge);

    await pushBranch(forge, 'fix/one');
    const { data } = await rest.pulls.create({ ...at, title: 'one', head: 'fix/one', base: 'main' });
    await rest.issues.createComment({ ...at, issue_number: data.number, body: 'hi' });
    await rest.issues.create({ ...at, title: 'broken' });
    await rest.pulls.merge({ ...at, pull_number: data.number });
    await vi.waitFor(() => expect(received).toHaveLength(6));

    expect(of('push').map(({ body }) => body.ref)).toEqual(['refs/heads/fix/one', 'refs/heads/main']);
    const actions = of('pull_request').map(({ body }) => [body.action, body.pull_request?.merged]);
    expect(actions).toEqual([
      ['opened', false],
      ['closed', true],
    ]);
    expect(of('issues')[0]?.body).toMatchObject({ action: 'opened', issue: { title: 'broken' } });
    expect(of('issue_comment')[0]?.body).toMatchObject({
      comment: { body: 'hi' },
      repository: { name: 'tap' },
    });
    for (const { text, headers } of received)
      expect(await verify(SECRET, text, String(headers['x-hub-signature-256']))).toBe(true);
    expect(new Set(received.map(({ headers }) => headers['x-github-delivery'])).size).toBe(6);
  });

  it('tell of a review and of each remark in it, in the shape that GitHub gives them', async () => {
    const forge = await openTestForge();
    open.push(forge.close);
    const { url, received, of } = await receiver();
    await pushBranch(forge, 'fix/one');
    const { data } = await octokit(forge).rest.pulls.create({
      ...{ ...at, title: 'one', head: 'fix/one', base: 'main' },
    });
    forge.forge.setWebhook({ owner: 'acme', name: 'tap', url, secret: SECRET });
    const own = { ...at, pull_number: data.number, body: 'x' };
    const reader = octokit(forge, READER).rest;
    const remark = { path: 'client.py', line: 2, body: 'Why?' };
    await expect(
      octokit(forge).rest.pulls.createReview({ ...own, event: 'REQUEST_CHANGES' }),
    ).rejects.toMatchObject({ status: 422 });
    await reader.pulls.createReview({ ...own, event: 'REQUEST_CHANGES', comments: [remark] });
    await vi.waitFor(() => expect(received).toHaveLength(2));

    const examples: { name: string; examples: Example[] }[] = createRequire(import.meta.url)(
      '@octokit/webhooks-examples',
    );
    const example = (name: string) => examples.find((one) => one.name === name)?.examples[0];
    const [review] = of('pull_request_review').map(({ body }) => body as Example);
    const [comment] = of('pull_request_review_comment').map(({ body }) => body as Example);
    expect(review).toMatchObject({ action: 'submitted', review: { state: 'changes_requested', body: 'x' } });
    expect(comment).toMatchObject({ comment: { ...remark, pull_request_review_id: review?.review?.id } });
    for (const [ours, theirs] of [
      [review, example('pull_request_review')],
      [comment, example('pull_request_review_comment')],
    ])
      expect(Object.keys(theirs ?? {})).toEqual(expect.arrayContaining(Object.keys(ours ?? {})));
    const keys = Object.keys(example('pull_request_review')?.review ?? {});
    expect(keys).toEqual(expect.arrayContaining(Object.keys(review?.review ?? {})));
  });

  it('are tried again, as the same delivery, until they are taken', async () => {
    const forge = await openTestForge({ clock: hurriedClock() });
    open.push(forge.close);
    const { url, received } = await receiver(500, 302, 503);
    forge.forge.setWebhook({ owner: 'acme', name: 'tap', url, secret: SECRET });

    await octokit(forge).rest.issues.create({ ...at, title: 'x' });
    await vi.waitFor(() => expect(forge.forge.deliveries('acme', 'tap')[0]?.state).toBe('sent'));

    expect(received).toHaveLength(4);
    expect(new Set(received.map(({ headers }) => headers['x-github-delivery'])).size).toBe(1);
  });
});

describe('a webhook that nobody takes', () => {
  it('is given up after eight attempts', async () => {
    const forge = await openTestForge({ clock: hurriedClock() });
    open.push(forge.close);
    const { url, received } = await receiver(...Array.from({ length: 20 }, () => 500));
    forge.forge.setWebhook({ owner: 'acme', name: 'tap', url, secret: SECRET });

    await octokit(forge).rest.issues.create({ ...at, title: 'x' });
    await vi.waitFor(() => expect(forge.forge.deliveries('acme', 'tap')[0]?.state).toBe('failed'), 5000);

    expect(received).toHaveLength(8);
  });

  it('survives a stop, and tells of a push that nobody had been told of', async () => {
    const { url, of } = await receiver(500);
    const first = await openTestForge();
    first.forge.setWebhook({ owner: 'acme', name: 'tap', url, secret: SECRET });
    await octokit(first).rest.issues.create({ ...at, title: 'x' });
    await vi.waitFor(() => expect(of('issues')).toHaveLength(1));
    await first.stop();
    await git(first.bare, 'update-ref', 'refs/heads/unannounced', 'refs/heads/main');

    const second = await openTestForge({ folder: first.folder });
    open.push(second.close);
    await second.forge.resume();

    await vi.waitFor(() => expect(of('issues')).toHaveLength(2), 5000);
    await vi.waitFor(() => expect(of('push')).toHaveLength(1));
    expect(of('push')[0]?.body).toMatchObject({ ref: 'refs/heads/unannounced', created: true });
  });
});
