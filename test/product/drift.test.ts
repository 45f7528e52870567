import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Project } from '#core/projects/project.ts';
import { approveByPage, askedByMail } from '../../bin/demo/approver.ts';
import type { Keys } from '../../bin/demo/keys.ts';
import { type RunningProduct, session, startedProduct } from '../support/product.ts';
import { type Weekly, weekly } from '../support/weekly.ts';

const STREAMS = 'tap_orders/streams.py';
const PULL = 'acme/tap-orders/pull/1';

let product: RunningProduct;
let week: Weekly;
let keys: Keys;
beforeAll(async () => {
  product = await startedProduct('--no-demo');
  week = weekly(product);
  keys = JSON.parse(readFileSync(product.webhookSecrets, 'utf8'));
}, 60_000);
afterAll(async () => {
  week?.close();
  await product?.stop();
});

/** As a lead says it who knows who reads the tap's data. */
async function readBy(consumers: object[]): Promise<void> {
  const headers = { authorization: `Bearer ${await session(product, 'lead@demo.example')}` };
  const url = `${product.dashboard}/api/projects`;
  const { projects }: { projects: Project[] } = await (await fetch(url, { headers })).json();
  const { id, org: _, ...project } = projects.find((one) => one.id === 'tap-orders') as Project;
  const repositories = project.repositories.map((one) => ({ ...one, consumers }));
  const body = JSON.stringify({ ...project, repositories });
  expect((await fetch(`${url}/${id}`, { method: 'PUT', headers, body })).status).toBe(200);
}

/** The drift's one ticket, as soon as it stands so. */
async function ticket(status: string): Promise<Record<string, unknown>> {
  const standing = async () => {
    const [one] = await week.drifts();
    if (['escalated', 'failed'].includes(String(one?.status))) throw new Error(String(one?.reason));
    return one?.status;
  };
  await expect.poll(standing, { timeout: 200_000 }).toBe(status);
  const all = await week.drifts();
  expect(all).toHaveLength(1);
  return all[0] ?? {};
}

async function press(button: 'close' | 'merge'): Promise<void> {
  const headers = { origin: product.forge };
  const pressed = await fetch(`${product.forge}/${PULL}/${button}`, {
    ...{ method: 'POST', redirect: 'manual', headers },
    body: new URLSearchParams(),
  });
  expect(pressed.status).toBe(303);
}

async function pull(change?: object): Promise<{ body: string }> {
  const headers = { authorization: `Bearer ${keys.forgeToken}`, 'content-type': 'application/json' };
  const answer = await fetch(`${product.forge}/api/v3/repos/acme/tap-orders/pulls/1`, {
    headers,
    ...(change && { method: 'PATCH', body: JSON.stringify(change) }),
  });
  expect(answer.status).toBe(200);
  return answer.json();
}

/** The forge says once more that it was merged. */
async function tellAgain(): Promise<number> {
  const body = JSON.stringify({
    ...{ action: 'closed', number: 1, pull_request: { merged: true, html_url: `${product.forge}/${PULL}` } },
    ...{ repository: { full_name: 'acme/tap-orders' }, sender: { login: 'rosa' } },
  });
  const signature = createHmac('sha256', keys.webhooks.github ?? '')
    .update(body)
    .digest('hex');
  const headers = {
    'x-github-event': 'pull_request',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${signature}`,
  };
  return (await fetch(`${product.dashboard}/webhooks/demo/github`, { method: 'POST', headers, body })).status;
}

const drifting = {
  [STREAMS]: (text: string) =>
    text
      .replace('"total_cents": {"type": "integer"}', '"total_cents": {"type": ["string", "null"]}')
      .replace(/\n\]\n/, '\n    Stream("refunds", {"id": {"type": "string"}}),\n]\n'),
  'tests/test_sync.py': (text: string) =>
    text
      .replace('["orders", "customers"]', '["orders", "customers", "refunds"]')
      .replace('{"customers", None}', '{"customers", "refunds", None}')
      .replaceAll('"customers": [CUSTOMERS]}', '"customers": [CUSTOMERS], "refunds": [[]]}'),
};

it('goes from a drift to a merged pull request, which is the baseline then', {
  timeout: 300_000,
}, async () => {
  await readBy([{ name: 'billing', reads: { orders: ['total_cents'] } }]);
  expect(await week.check()).toMatchObject({ state: 'first' });
  await week.commit(drifting);
  expect(await week.check()).toMatchObject({ state: 'drift', counts: { breaking: 1 } });

  const [filed] = await week.drifts();
  expect(filed?.body).toMatch(
    /breaking, TYPE_CHANGED: orders\.total_cents: integer → string; read by billing/,
  );
  expect(filed?.body).toMatch(
    /- orders: GET \{api_url\}\/orders.* \(tap_orders\/client\.py:\d+\), its stream at/,
  );
  await approveByPage(await askedByMail(product.mailbox, 'approver@demo.example', /^Decide/));
  const { id } = await ticket('in_review');
  const { body } = await pull();
  expect(body).toMatch(/Red before, at `[0-9a-f]{12}`: .*test\\?_totals\\?_are\\?_whole\\?_cents/);
  expect(body).toMatch(/\| It discovers a sound catalog \| PASS \| 3 streams/);
  expect(body).toMatch(
    /\| The catalog is as before the change \| PASS \| .*total.*string → integer.*read by billing/,
  );
  expect(body).toMatch(
    /\| The documentation speaks of its streams \| PASS \| README and docs name all 3 streams/,
  );
  expect(body).toMatch(/## Not verified.*what wants credentials: T9, A live sample/s);

  await week.commit({
    [STREAMS]: (text) => text.replace('"email": NULLABLE_STRING', '"email": {"type": "string"}'),
  });
  expect(await week.check()).toMatchObject({ state: 'drift', ticketId: id });
  expect(await ticket('in_review')).toMatchObject({
    body: expect.stringContaining('customers.email: may be null → never null'),
    comments: [{ text: expect.stringContaining('It has changed once more: customers.email') }],
  });

  await press('close');
  await ticket('closed');
  expect(await week.check()).toMatchObject({ state: 'drift', ticketId: id, closed: [id] });

  await pull({ state: 'open' });
  await press('merge');
  await ticket('merged');
  expect([await tellAgain(), await tellAgain()]).toEqual([202, 202]);
  expect(await week.check()).toMatchObject({ state: 'rebaselined', changes: [] });
  await ticket('merged');
});
