import { execFile } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signMessage } from '#adapters/standard-webhooks.ts';
import { approveByPage, askedByMail } from '../../bin/demo/approver.ts';
import type { Keys } from '../../bin/demo/keys.ts';
import { type Tables, tablesAt } from '../support/aws-client.ts';
import { type RunningProduct, session, startedProduct } from '../support/product.ts';

const demoTicket = JSON.parse(readFileSync('local/demo/jira-ticket.json', 'utf8'));

describe('the doors, over HTTP', { timeout: 60_000 }, () => {
  let product: RunningProduct;
  let tables: Tables;
  let keys: Keys;

  beforeAll(async () => {
    product = await startedProduct('--no-demo');
    tables = tablesAt(product.aws);
    keys = JSON.parse(readFileSync(product.webhookSecrets, 'utf8'));
  }, 60_000);

  afterAll(async () => {
    tables?.close();
    await product?.stop();
  });

  const door = (source: string) => product.webhooks.find((one) => one.endsWith(source)) as string;
  const hmac = (key: string, body: string) =>
    `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

  function post(url: string, body: string, headers: Record<string, string>): Promise<Response> {
    return fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  }

  function jira(
    issue: string,
    { key = keys.webhooks.jira, delivery = String(randomUUID()), summary = '' } = {},
  ): Promise<Response> {
    const ticket = structuredClone(demoTicket);
    ticket.timestamp = Date.now();
    ticket.issue.key = issue;
    if (summary) Object.assign(ticket.issue.fields, { summary, description: summary, components: [] });
    const body = JSON.stringify(ticket);
    return post(door('jira'), body, {
      'x-hub-signature': hmac(key, body),
      'x-atlassian-webhook-identifier': delivery,
    });
  }

  async function ticketIs(externalId: string, status: string): Promise<Record<string, unknown>> {
    for (let tries = 0; tries < 300; tries += 1) {
      const found = (await tables.rows('Tickets')).find(
        (one) => one.externalId === externalId && one.status === status,
      );
      if (found) return found;
      await sleep(100);
    }
    throw new Error(
      `${externalId} did not become ${status}: ${JSON.stringify(await tables.rows('Tickets'), null, 1).slice(0, 2_000)}`,
    );
  }

  it.each([
    ['a wrong signature', () => jira('BAD-1', { key: 'someone else' }), 401, /./],
    [
      'a signature over other bytes',
      () => post(door('jira'), '{"a":1}', { 'x-hub-signature': hmac(keys.webhooks.jira, '{"a":2}') }),
      401,
      /./,
    ],
    ['no signature', () => post(door('github'), '{}', { 'x-github-event': 'issues' }), 401, /./],
    [
      'text that is not JSON',
      () => post(door('jira'), '{"issue":', { 'x-hub-signature': hmac(keys.webhooks.jira, '{"issue":') }),
      400,
      /not JSON/,
    ],
    [
      'a body without its fields',
      () =>
        post(door('github'), '{"action":"opened"}', {
          'x-github-event': 'issues',
          'x-hub-signature-256': hmac(keys.webhooks.github, '{"action":"opened"}'),
        }),
      400,
      /issue/,
    ],
    [
      'an oversized body',
      () =>
        post(door('jira'), 'x'.repeat(1_100_000), {
          'x-hub-signature': hmac(keys.webhooks.jira, 'x'.repeat(1_100_000)),
        }),
      413,
      /limit/,
    ],
    [
      'an unknown organization',
      () => post(door('jira').replace('/demo/', '/nobody/'), '{}', { 'x-hub-signature': 'sha256=00' }),
      401,
      /./,
    ],
    ['an unknown route', () => post(`${product.dashboard}/webhooks/demo/fax`, '{}', {}), 404, /./],
    ['a REST call without a key', () => post(product.rest, '{}', {}), 401, /Authorization/],
  ])('refuses %s, makes no ticket, and keeps it only if it is genuine', async (_, send, status, words) => {
    const kept = async () =>
      (await tables.rows('Deliveries')).filter(({ sk }) => !String(sk).startsWith('refused#')).length;
    const before = await kept();
    const reply = await send();

    expect(reply.status).toBe(status);
    expect(await reply.text()).toMatch(words);
    expect(await tables.rows('Tickets')).toEqual([]);
    expect(await kept()).toBe(before + (status === 400 ? 1 : 0));
  });

  it('makes one ticket and one run of the same delivery sent 50 times at once', async () => {
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => jira('ETL-900', { delivery: 'same' })),
    );
    const ids = new Set(await Promise.all(replies.map(async (one) => (await one.json()).id)));
    await ticketIs('ETL-900', 'awaiting_approval');

    expect(replies.map(({ status }) => status).every((status) => status === 202 || status === 409)).toBe(
      true,
    );
    expect(ids.size).toBeLessThanOrEqual(2);
    expect((await tables.rows('Tickets')).filter(({ externalId }) => externalId === 'ETL-900')).toHaveLength(
      1,
    );
    expect((await tables.rows('Runs')).filter(({ sk }) => sk === 'RUN')).toHaveLength(1);
  });

  it('takes an ERP delivery signed as Standard Webhooks', async () => {
    const body = JSON.stringify({
      event: 'issue.created',
      issue: {
        externalId: 'ERP-7',
        title: 'Invoices are late',
        description: 'Since Monday.',
        type: 'bug',
        priority: 'low',
      },
    });
    const id = 'msg_1';
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = signMessage({ id, timestamp, raw: Buffer.from(body) }, keys.webhooks.erp);
    const reply = await post(door('erp'), body, {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signature,
    });

    expect(reply.status).toBe(202);
    expect(await ticketIs('ERP-7', 'escalated')).toMatchObject({ source: 'erp' });
  });

  it('serves its API by key, as its OpenAPI says', async () => {
    const asked = async (path: string, token: string, body?: object) =>
      (
        await fetch(`${product.dashboard}${path}`, {
          method: body ? 'POST' : 'GET',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          ...(body && { body: JSON.stringify(body) }),
        })
      ).json();
    const lead = await session(product, 'lead@demo.example');
    const scopes = ['issues:read', 'issues:write'];
    const { key, id: keyId } = await asked('/v1/keys', lead, { name: 'erp', scopes });
    const { components } = await asked('/openapi.json', '');
    const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema({ $id: 'spec', components });
    const problems = (name: string, value: unknown) =>
      ajv.validate({ $ref: `spec#/components/schemas/${name}` }, value) ? [] : ajv.errors;
    const accepted = await asked('/api/issues', key, { title: 'Coffee is cold', externalId: 'API-1' });
    await ticketIs('API-1', 'escalated');

    expect(problems('Accepted', accepted)).toEqual([]);
    expect(problems('IssueWithJob', await asked(`/api/issues/${accepted.id}`, key))).toEqual([]);
    expect(problems('IssuePage', await asked('/api/issues?text=coffee', key))).toEqual([]);
    const { key: next } = await asked(`/v1/keys/${keyId}/rotate`, lead, { overlapHours: 0 });
    expect(problems('Problem', await asked('/api/issues', key))).toEqual([]);
    expect((await asked('/api/issues?text=coffee', next)).issues).toHaveLength(1);
  });

  it('hands what no script and no repository covers to a person, and says why', async () => {
    await jira('ETL-901', { summary: 'Please make the coffee machine faster' });
    const { reason } = await ticketIs('ETL-901', 'escalated');

    expect(reason).toMatch(/repository/);
  });

  it('says at the source where a ticket stands, and shows beside the mailbox what was said', async () => {
    const said = async (vendor: string, place: string) => {
      const sent = await (await fetch(`${product.mailbox}/sent.json`)).json();
      return sent.filter(
        (one: { vendor: string; place: string }) => one.vendor === vendor && one.place === place,
      );
    };
    await expect
      .poll(async () => (await said('jira', 'ETL-901'))[0]?.versions[0], { timeout: 20_000 })
      .toMatch(/^A person has to look at this\./);
    await expect
      .poll(async () => (await said('erp', 'ERP-7'))[0]?.versions[0], { timeout: 20_000 })
      .toContain('"status": "escalated"');

    expect(await said('jira', 'ETL-901')).toHaveLength(1);
    expect(await (await fetch(`${product.mailbox}/sent`)).text()).toContain('jira ETL-901');
  });

  it('ends as declined, with the reason, when a person declines', async () => {
    const asked = await askedByMail(product.mailbox, 'approver@demo.example', /ETL-900/);
    await approveByPage(asked, { decision: 'decline', reason: 'Not this week' });

    expect((await ticketIs('ETL-900', 'declined')).reason).toMatch(/Not this week/);
  });

  it('can prove afterwards, offline, who declined what and why', async () => {
    const [{ actionId } = {}] = (await tables.rows('Sequence')).filter(({ sk }) =>
      String(sk).startsWith('S#'),
    );
    const file = join(product.folder, 'evidence.json');
    const env = { ...process.env, SIGNALBOX_TOKEN: await session(product, 'viewer@demo.example') };
    const command = async (...args: string[]) =>
      (await promisify(execFile)(process.execPath, ['bin/cli.ts', '--json', ...args], { env })).stdout;
    await command('local', 'clock', 'forward', '2m', '--at', product.aws);
    await command('evidence', String(actionId), '--out', file, '--url', product.dashboard);
    const report = JSON.parse(await command('evidence', 'verify', file));
    const { reason, entries } = JSON.parse(readFileSync(file, 'utf8'));

    expect(report).toMatchObject({ ok: true, problems: [], unchecked: [] });
    expect(reason).toBe('Not this week');
    expect(entries.map(({ text }: { text: string }) => JSON.parse(text).type)).toContain('DECIDED');
  });
});
