import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { signMessage } from '#adapters/standard-webhooks.ts';
import { webhookSecrets } from '#adapters/webhook-secrets.ts';
import { erpWebhook } from '#functions/http/erp-webhook.ts';
import { githubWebhook } from '#functions/http/github-webhook.ts';
import { handler as health } from '#functions/http/health.ts';
import { jiraWebhook } from '#functions/http/jira-webhook.ts';
import { handler as notFound } from '#functions/http/not-found.ts';
import { approvals, question } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { event, type Sent, send } from '../../support/request.ts';

const KEY = 'a secret of sixteen bytes or more';
const NOW = new Date('2026-11-20T10:00:00Z');
const jira = { ...JSON.parse(readFileSync('local/demo/jira-ticket.json', 'utf8')), timestamp: NOW.getTime() };
const examples: { name: string; examples: { action?: string }[] }[] = createRequire(import.meta.url)(
  '@octokit/webhooks-examples',
);
const opened = examples
  .find(({ name }) => name === 'issues')
  ?.examples.find(({ action }) => action === 'opened');

let aws: LocalAws;
let now = NOW;
let org = '';
let count = 0;
const clock = { now: () => now };
const tickets = dynamoTickets('Tickets', 'Deliveries', clock);
let inbound = { tickets, clock, secrets: webhookSecrets('signalbox/webhooks', clock) };

async function secretOf(source: string, secrets: string[]): Promise<void> {
  const Name = `signalbox/webhooks/${org}/${source}`;
  await new SecretsManagerClient().send(
    new CreateSecretCommand({ Name, SecretString: JSON.stringify({ secrets }) }),
  );
}

beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());
beforeEach(async () => {
  count += 1;
  org = `hooks-${count}`;
  now = NOW;
  inbound = { tickets, clock, secrets: webhookSecrets('signalbox/webhooks', clock) };
  for (const source of ['github', 'jira', 'erp', 'hotglue']) await secretOf(source, [KEY]);
});

const hub = (text: string, key = KEY) => `sha256=${createHmac('sha256', key).update(text).digest('hex')}`;

function deliver(
  source: 'github' | 'jira' | 'erp',
  body: unknown,
  change: { key?: string; headers?: Record<string, string>; org?: string } = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const key = change.key ?? KEY;
  const id = 'msg_1';
  const timestamp = `${Math.floor(now.getTime() / 1000)}`;
  const sent: Record<string, Record<string, string>> = {
    github: {
      'x-github-event': 'issues',
      'x-github-delivery': 'guid-1',
      'x-hub-signature-256': hub(text, key),
    },
    jira: { 'x-hub-signature': hub(text, key), 'x-atlassian-webhook-identifier': 'wh-1' },
    erp: {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signMessage({ id, timestamp, raw: Buffer.from(text) }, key),
    },
  };
  const route = { github: githubWebhook, jira: jiraWebhook, erp: erpWebhook }[source](inbound);
  const to = change.org ?? org;
  const given: Sent = {
    method: 'POST',
    path: `/webhooks/${to}/${source}`,
    params: { org: to },
    headers: { ...sent[source], ...change.headers },
    body: text,
  };
  return send(route, given);
}

async function stored(table: string, of = org): Promise<string[]> {
  const { Items = [] } = await new DynamoDBClient().send(new ScanCommand({ TableName: table }));
  return Items.filter((item) => (item.pk?.S ?? item.org?.S ?? '').startsWith(of)).map(
    (item) => item.sk?.S ?? item.id?.S ?? '',
  );
}

const erp = { event: 'issue.created', issue: { externalId: 'E-1', title: 'Late invoices' } };

describe.each([
  ['github', opened],
  ['jira', jira],
  ['erp', erp],
] as const)('POST /webhooks/{org}/%s', (source, body) => {
  it('makes one ticket of one delivery, however often it comes', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => deliver(source, body)));
    now = new Date(NOW.getTime() + 60_000);
    answers.push(await deliver(source, body));

    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(JSON.parse(answers[0]?.body ?? '').id).toMatch(/^tk_[0-9a-f]{16}$/);
    expect(await stored('Tickets')).toHaveLength(1);
  });

  it.each([
    ['a wrong signature', body, { key: 'somebody else, sixteen bytes' }, 401, 'signature'],
    ['no JSON', '{"half":', {}, 400, 'malformed'],
    [
      'a body that is none of theirs',
      source === 'erp' ? { event: 'issue.created' } : { action: 'opened' },
      {},
      400,
      'malformed',
    ],
  ])(
    'makes no ticket of %s: it is counted, and kept if it is genuine',
    async (_, sent, change, status, reason) => {
      const answer = await deliver(source, sent, change);

      expect(answer.statusCode).toBe(status);
      if (status === 401)
        expect(JSON.parse(answer.body)).toEqual({ error: 'Unauthorized', message: 'Unauthorized' });
      expect(await stored('Tickets')).toEqual([]);
      const kept = await stored('Deliveries');
      expect(kept).toContain(`refused#${new Date(NOW).toISOString().slice(0, 10)}#${reason}`);
      expect(kept.filter((sk) => !sk.startsWith('refused#'))).toEqual(
        reason === 'malformed' ? [expect.stringMatching(/^id#/)] : [],
      );
    },
  );

  it.each([['nobody'], ['../x'], ['A'], ['']])(
    'is closed for an organization without secrets: "%s"',
    async (stranger) => {
      expect((await deliver(source, body, { org: stranger })).statusCode).toBe(401);
      expect(await stored('Tickets', stranger || '-')).toEqual([]);
    },
  );

  it('refuses a body that is too large', async () => {
    expect((await deliver(source, 'x'.repeat(1_000_001))).statusCode).toBe(413);
  });
});

it('names the field that is wrong', async () => {
  const { summary: _, ...fields } = jira.issue.fields;

  expect((await deliver('jira', { ...jira, issue: { ...jira.issue, fields } })).body).toContain(
    'issue.fields.summary',
  );
});

it.each([
  ['github', examples.find(({ name }) => name === 'ping')?.examples[0], { 'x-github-event': 'ping' }],
  ['github', { action: 'edited' }, { 'x-github-event': 'label' }],
  ['jira', { ...jira, webhookEvent: 'comment_created' }, {}],
  ['erp', { event: 'invoice.paid' }, {}],
] as const)('%# ignores another event of %s with 204', async (source, body, headers) => {
  expect((await deliver(source, body, { headers })).statusCode).toBe(204);
  expect(await stored('Tickets')).toEqual([]);
  expect(await stored('Deliveries')).toEqual([expect.stringMatching(/^id#/)]);
});

it('makes a ticket of a job that failed at HotGlue, and none of one that went well', async () => {
  const job = { job_id: 'j-1', job_name: 'Orders', tenant: 'shop', tap: 'tap-orders', message: 'Traceback' };
  const post = (body: object, id: string) => {
    const raw = Buffer.from(JSON.stringify(body));
    const timestamp = `${now.getTime() / 1000}`;
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signMessage({ id, timestamp, raw }, KEY),
    };
    const path = `/webhooks/${org}/hotglue`;
    return send(erpWebhook(inbound), { method: 'POST', path, params: { org }, headers, body: String(raw) });
  };

  expect((await post({ ...job, status: 'JOB_COMPLETED' }, 'h-1')).statusCode).toBe(204);
  expect((await post({ ...job, status: 'JOB_FAILED' }, 'h-2')).statusCode).toBe(202);
  expect((await tickets.list(org, { limit: 9 })).tickets).toMatchObject([
    { source: 'hotglue', title: 'Job Orders failed for shop', concerns: ['tap-orders'] },
  ]);
});

it('T46: makes one ticket of one GitHub delivery that is sent again as another', async () => {
  await deliver('github', opened);
  const once = await stored('Deliveries');
  for (const id of ['guid-2', 'guid-3']) {
    const answer = await deliver('github', opened, { headers: { 'x-github-delivery': id } });
    expect(answer.statusCode).toBe(202);
  }

  expect(await stored('Tickets')).toHaveLength(1);
  expect(await stored('Deliveries')).toEqual(once);
});

const { repository, issue } = opened as unknown as { repository: object; issue: object };
const saysYes = { action: 'created', comment: { id: 1, body: 'approve' }, sender: { login: 'anna' } };
const approved = { action: 'submitted', review: { id: 1, state: 'approved', body: 'approve' } };

it.each([
  ['github', { ...opened, ...saysYes }, { 'x-github-event': 'issue_comment' }],
  [
    'github',
    { ...approved, repository, sender: saysYes.sender, pull_request: { number: 2 } },
    { 'x-github-event': 'pull_request_review' },
  ],
  ['jira', { ...jira, webhookEvent: 'comment_created', comment: { body: 'approve' } }, {}],
] as const)('T48: decides nothing by what somebody writes, %#: %s', async (source, body, headers) => {
  const { step, text } = question({ org });
  const approval = await approvals.propose(step, text);

  expect((await deliver(source, body, { headers })).statusCode).toBe(204);
  expect(await approvals.find(org, approval.id)).toEqual(approval);
});

it('T47: refuses what is too old, though it is signed', async () => {
  expect((await deliver('jira', { ...jira, timestamp: NOW.getTime() - 3_700_000 })).statusCode).toBe(401);
  const old = `${NOW.getTime() / 1000 - 301}`;
  const text = JSON.stringify(erp);
  const headers = {
    'webhook-timestamp': old,
    'webhook-signature': signMessage({ id: 'msg_1', timestamp: old, raw: Buffer.from(text) }, KEY),
  };
  expect((await deliver('erp', erp, { headers })).statusCode).toBe(401);
  expect(await stored('Tickets')).toEqual([]);
});

describe('secrets', () => {
  const put = (secrets: string[]) =>
    new SecretsManagerClient().send(
      new PutSecretValueCommand({
        SecretId: `signalbox/webhooks/${org}/github`,
        SecretString: JSON.stringify({ secrets }),
      }),
    );

  it('takes the old and the new while both live, and reads again at most every half minute', async () => {
    const next = 'the next secret, sixteen bytes';
    expect((await deliver('github', opened)).statusCode).toBe(202);
    await put([next, KEY]);
    expect((await deliver('github', opened, { key: next })).statusCode).toBe(401);
    now = new Date(NOW.getTime() + 30_000);
    expect((await deliver('github', opened, { key: next })).statusCode).toBe(202);
    expect((await deliver('github', opened)).statusCode).toBe(202);
    await put([next]);
    now = new Date(NOW.getTime() + 400_000);
    expect((await deliver('github', opened)).statusCode).toBe(401);
  });

  it.each([['[""]'], ['[]'], ['["short"]'], ['nonsense']])(
    'never opens on a secret like %s',
    async (secrets) => {
      await new SecretsManagerClient().send(
        new PutSecretValueCommand({
          SecretId: `signalbox/webhooks/${org}/github`,
          SecretString: `{"secrets":${secrets}}`,
        }),
      );

      const answer = await deliver('github', opened, { key: '' });
      expect(answer.statusCode).toBe(503);
      expect(answer.body).not.toContain('nonsense');
    },
  );
});

it('records what became of a pull request, once, and only for its organization', async () => {
  const { body } = await deliver('github', opened);
  const { id } = JSON.parse(body);
  const pullRequest = { url: 'http://f/2', number: 2, repository: 'acme/tap', branch: 'b', headSha: 's' };
  await tickets.advance(org, id, ['received'], { status: 'in_review', pullRequest });
  const closed = (merged: boolean) => ({
    action: 'closed',
    number: 2,
    pull_request: { merged, html_url: 'http://f/2', merged_by: { login: 'dana' } },
    repository: { full_name: 'acme/tap' },
    sender: { login: 'eve' },
  });
  const headers = { 'x-github-event': 'pull_request' };

  expect((await deliver('github', { ...closed(true), number: 3 }, { headers })).statusCode).toBe(204);
  expect((await deliver('github', closed(false), { headers })).statusCode).toBe(202);
  expect(await tickets.find(org, id)).toMatchObject({ status: 'closed' });
  // Opened again, and merged after all; then told once more of how it was closed.
  expect((await deliver('github', closed(true), { headers })).statusCode).toBe(202);
  expect((await deliver('github', closed(false), { headers })).statusCode).toBe(202);
  expect(await tickets.find(org, id)).toMatchObject({
    status: 'merged',
    reason: 'The pull request was merged by dana',
  });
});

describe('what people say on a pull request', () => {
  const rosa = { login: 'rosa', type: 'User' };
  const about = { pull_request: { number: 2 }, repository: { full_name: 'acme/tap' }, sender: rosa };
  const review = (id: number, state: string, body: string | null = null) => ({
    event: 'pull_request_review',
    body: { action: 'submitted', review: { id, state, body }, ...about },
  });
  const comment = (
    id: number,
    body: string,
    change: { action?: string; user?: object; number?: number } = {},
  ) => {
    const { action = 'created', user = rosa, number = 2 } = change;
    const said = { id, body, user, created_at: NOW.toISOString() };
    const subject = { ...issue, number, pull_request: {} };
    return {
      event: 'issue_comment',
      body: { action, comment: said, issue: subject, repository: about.repository, sender: user },
    };
  };
  const line = (id: number, body: string) => ({
    event: 'pull_request_review_comment',
    body: { action: 'created', comment: { id, body, pull_request_review_id: 9 }, ...about },
  });
  const bot = { login: 'signalbox[bot]', type: 'Bot' };

  async function reviewsAfter(...said: { event: string; body: object }[]) {
    const { id } = JSON.parse((await deliver('github', opened)).body);
    const pullRequest = { url: 'http://f/2', number: 2, repository: 'acme/tap', branch: 'b', headSha: 's' };
    await tickets.advance(org, id, ['received'], { status: 'in_review', pullRequest });
    const statuses: number[] = [];
    for (const { event, body } of said) {
      const headers = { 'x-github-event': event, 'x-github-delivery': `guid-${2 + statuses.length}` };
      statuses.push((await deliver('github', body, { headers })).statusCode ?? 0);
    }
    return { statuses, reviews: (await tickets.find(org, id))?.reviews };
  }

  it('is noted once when it requests changes or names us, whatever part of a review is heard first', async () => {
    const found = await reviewsAfter(
      review(7, 'changes_requested'),
      review(7, 'changes_requested'),
      line(90, '@signalbox rename this'),
      review(9, 'commented', 'and @signalbox add a line'),
      comment(12, 'Hey @Signalbox, once more'),
    );

    expect(found).toEqual({
      statuses: [202, 202, 202, 202, 202],
      reviews: ['review/7', 'review/9', 'comment/12'],
    });
  });

  it('is ignored when it asks for nothing, is not of a pull request, or no person says it', async () => {
    const found = await reviewsAfter(
      review(1, 'approved'),
      review(2, 'commented', 'nice'),
      comment(3, 'mail me@signalbox.example please'),
      comment(5, '@signalbox', { number: 3 }),
      comment(6, '@signalbox', { user: bot }),
      comment(7, '@signalbox', { action: 'edited' }),
    );

    expect(found).toEqual({ statuses: Array(6).fill(204), reviews: undefined });
  });
});

it('answers at /health, and says that there is nothing elsewhere', async () => {
  expect(await health(event({ path: '/health' }), {} as Context)).toMatchObject({ statusCode: 200 });
  expect(await notFound(event({ path: '/x' }), {} as Context)).toMatchObject({
    statusCode: 404,
    headers: { 'x-content-type-options': 'nosniff' },
  });
});
