import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Killable, killable } from '../support/killed.ts';

let product: Killable;
beforeAll(async () => {
  product = await killable();
});
afterAll(() => product.end());

type Row = Record<string, unknown>;

/** The demo's ticket, as soon as it is so; throws when it ends otherwise. */
async function ticket(is: (row: Row) => boolean, seconds = 200): Promise<Row> {
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(150)) {
    const [row] = await product.rows('Tickets').catch(() => []);
    if (row && is(row)) return row;
    if (row && ['escalated', 'failed', 'declined'].includes(String(row.status)))
      throw new Error(`The ticket ended ${row.status}: ${row.reason} ${product.said()}`);
  }
  throw new Error(`Not within ${seconds} s ${product.said()}`);
}

async function line(run: string, text: RegExp): Promise<void> {
  for (;;) {
    const rows = await product.rows('Runs').catch(() => []);
    if (rows.some((row) => String(row.run).endsWith(run) && text.test(String(row.text)))) return;
    await sleep(50);
  }
}

/** What the page of the pull request sends. */
async function press(button: string, fields: Record<string, string> = {}): Promise<void> {
  const answer = await fetch(`${product.forge}/acme/tap-orders/pull/1/${button}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: product.forge },
    body: new URLSearchParams(fields),
  });
  expect(answer.status).toBe(303);
}

async function api<T>(path: string): Promise<T> {
  const { forgeToken } = JSON.parse(readFileSync(join(product.folder, 'demo-keys.json'), 'utf8'));
  const headers = { authorization: `Bearer ${forgeToken}` };
  return (await fetch(`${product.forge}/api/v3/repos/acme/tap-orders/${path}`, { headers })).json();
}

it('changes the pull request once more when a reviewer asks, killed in the middle or not', {
  timeout: 400_000,
}, async () => {
  product.start();
  await Promise.all([product.approve(), ticket(({ status }) => status === 'in_review')]);
  const before = await api<{ head: { sha: string } }>('pulls/1');

  const remark = { path: 'tap_orders/client.py', line: '29', remark: 'Please say it in the docstring' };
  await press('review', { event: 'REQUEST_CHANGES', body: 'When does it end?', ...remark });
  const { runId } = await ticket(({ status }) => status === 'awaiting_approval');
  expect(runId).toMatch(/_2$/);
  await Promise.all([product.approve(), line(String(runId), /reads tap_orders\/client.py/)]);
  await product.kill('group');
  product.start();
  await ticket(({ status, runId: id }) => status === 'in_review' && id === runId);

  const after = await api<{ body: string; commits: number; head: { sha: string } }>('pulls/1');
  expect(after).toMatchObject({ commits: 2, body: expect.stringContaining('After the review by rosa') });
  expect(after.body).toMatch(/## Not verified\n\n- a sync against the live API.*## Cost\n\n\$\d/s);
  const [last, first] = (await api<{ sha: string }[]>('pulls/1/commits')).reverse();
  expect([last?.sha, first?.sha]).toEqual([after.head.sha, before.head.sha]);
  const comments = await api<{ body: string }[]>('issues/1/comments');
  expect(comments.map(({ body }) => body)).toEqual([
    expect.stringMatching(
      /rosa, tap\\_orders\/client\.py:29: Please say it.*Verified in a clean clone: passed/s,
    ),
  ]);
  await press('merge');
  await ticket(({ status }) => status === 'merged');
});
