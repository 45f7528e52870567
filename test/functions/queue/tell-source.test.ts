import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

import { dynamoOutbox } from '#adapters/dynamodb/outbox.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { type Callback, erpChannel } from '#adapters/erp/callback.ts';
import { githubChannel } from '#adapters/github/answer.ts';
import { github } from '#adapters/github/client.ts';
import { document, jiraChannel } from '#adapters/jira/answer.ts';
import { slackSource } from '#adapters/slack/answer.ts';
import { slack } from '#adapters/slack/client.ts';
import { isFresh, isSignedMessage, messageOf } from '#adapters/standard-webhooks.ts';
import type { Outbox } from '#core/tickets/answer.ts';
import type { Source, Ticket } from '#core/tickets/ticket.ts';
import { tellSource } from '#functions/queue/tell-source.ts';
import { Adf } from '#local/vendors/jira.ts';
import { openTestForge, type TestForge, WRITER } from '../../local/forge/open.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { SLACK_APP, type SlackDouble, slackDouble } from '../../support/slack/double.ts';
import { AT, delivery, PROJECT, ticket } from '../../support/tickets.ts';
import { JIRA_BOT, jiraDouble } from '../../support/vendors/jira.ts';

const KEYS = ['the ERP secret, sixteen bytes', 'the one before it, sixteen bytes'];
const clock = { now: () => new Date(AT) };
const tickets = dynamoTickets('Tickets', 'Deliveries', clock);
const projects = dynamoProjects('Projects');
const publicUrl = 'http://localhost:4600';

let aws: LocalAws;
let forge: TestForge;
let vendor: Server;
let jira: Awaited<ReturnType<typeof jiraDouble>>;
let workspace: SlackDouble;
let base = '';
let org = '';
let count = 0;
/** What the ERP heard. */
let heard: { id: string; status: string; signed: boolean[] }[] = [];
/** What the vendor answers instead, as long as there is something. */
let trouble: number[] = [];

beforeAll(async () => {
  aws = await localAws();
  forge = await openTestForge();
  workspace = await slackDouble(clock);
  jira = await jiraDouble();
  vendor = createServer(async (request, response) => {
    const status = trouble.shift();
    const answer = status ? { status } : await erp(request);
    response
      .writeHead(answer.status, status === 429 ? { 'retry-after': '70' } : {})
      .end(JSON.stringify('body' in answer ? answer.body : {}));
  }).listen(0);
  await new Promise((resolve) => vendor.once('listening', resolve));
  base = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`;
});
afterAll(async () => {
  vendor.close();
  await forge.close();
  await Promise.all([workspace.stop(), jira.stop()]);
  await aws.stop();
});
beforeEach(() => {
  count += 1;
  org = `tell-${count}`;
  [heard, trouble] = [[], []];
  jira.comments.clear();
  workspace.posted.length = 0;
  workspace.failures.clear();
});

async function erp(request: IncomingMessage): Promise<{ status: number }> {
  const raw = Buffer.from(await text(request));
  const message = messageOf(request.headers as Record<string, string>, raw);
  const { issue } = JSON.parse(raw.toString());
  if (!message || !isFresh(message, clock.now())) return { status: 401 };
  heard.push({
    id: message.id,
    status: issue.status,
    signed: KEYS.map((key) => isSignedMessage(message, key)),
  });
  return { status: 204 };
}

function telling(outbox: Pick<Outbox, 'inTurn'> = dynamoOutbox('Deliveries', clock)) {
  const isPrivate = true;
  const callback: Callback = { url: `${base}/erp`, secrets: KEYS, isPrivate };
  const site = { site: jira.url, ...JIRA_BOT, isPrivate };
  const channels = {
    github: githubChannel(projects, async () => WRITER),
    jira: jiraChannel(async (of) => (of === org ? site : undefined)),
    erp: erpChannel({ callbackOf: async () => callback, clock, publicUrl }),
    slack: slackSource({
      apps: { find: async () => SLACK_APP },
      connect: ({ botToken }) => slack({ url: workspace.url, token: botToken, patienceMs: 1_500 }),
    }),
  };
  const tell = tellSource({ tickets, outbox, channels, publicUrl });
  return (ticketId: string) => tell({ body: JSON.stringify({ detail: { org, ticketId } }) });
}

/** Speaks, and dies before it is noted. */
const FORGETFUL: Pick<Outbox, 'inTurn'> = {
  inTurn: async (_ticket, _place, speak) => {
    await speak(undefined);
  },
};

async function made(source: Source, externalId = 'ETL-142', more: Partial<Ticket> = {}): Promise<Ticket> {
  const { ticket: one } = await tickets.accept(
    ticket({ org, source, externalId, ...more }),
    delivery({ org, source }),
  );
  return one;
}

const escalate = (id: string, reason: string) =>
  tickets.advance(org, id, ['received', 'triaging'], { status: 'escalated', reason });

it('writes one comment in Jira and edits it, also when a crash left it unnoted', async () => {
  const { id } = await made('jira');
  await telling(FORGETFUL)(id);
  const first = [...jira.comments];
  await escalate(id, 'h1. *bold* [link|http://evil.example]\n@everybody');
  for (const _ of [1, 2]) await telling()(id);

  expect(first).toHaveLength(1);
  expect([...jira.comments.keys()]).toEqual(first.map(([known]) => known));
  expect(JSON.stringify([...jira.comments.values()])).toContain('A person has to look at this');
  expect(jira.comments.values().next().value?.[0]).toContain('codeBlock');
});

it('says what is a document to Jira for every status', () => {
  const status = { headline: 'x', url: 'http://localhost/1', pullRequest: 'http://f/2', detail: 'why' };

  expect(Adf.safeParse(document(status)).success).toBe(true);
  expect(Adf.safeParse(document({ headline: 'x', url: 'http://localhost/1' })).success).toBe(true);
});

it('comments once under an issue at the forge, and quotes what is not ours', async () => {
  const { fullName: _, apiUrl: __, ...rest } = PROJECT.repositories[0] as never as Record<string, string>;
  const apiUrl = `${forge.origin}/api/v3`;
  const repositories = [{ ...rest, fullName: 'acme/tap', apiUrl }] as never;
  await projects.put({ ...PROJECT, org, repositories });
  const client = github(apiUrl, WRITER);
  const at = { owner: 'acme', repo: 'tap' };
  const { data: issue } = await client.request('POST /repos/{owner}/{repo}/issues', { ...at, title: 'Late' });
  const { id } = await made('github', `acme/tap#${issue.number}`);
  await telling()(id);
  await escalate(id, 'see @everybody ```\n<img src=x>');
  await telling()(id);
  const route = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments';
  const { data } = await client.request(route, { ...at, issue_number: issue.number });

  expect(data).toHaveLength(1);
  expect(data[0]?.body).toContain('**A person has to look at this.**');
  expect(data[0]?.body?.match(/```/g)).toHaveLength(2);
});

it('tells an ERP each status once, signed with both live secrets', async () => {
  const { id } = await made('erp');
  await telling()(id);
  await telling()(id);
  await escalate(id, 'No repository');
  await telling()(id);

  expect(heard.map(({ status }) => status)).toEqual(['received', 'escalated']);
  expect(heard.every(({ signed }) => signed.every(Boolean))).toBe(true);
  expect(new Set(heard.map((one) => one.id)).size).toBe(2);
});

it.each([
  ['jira', 503, true],
  ['jira', 429, true],
  ['jira', 403, false],
  ['jira', 404, false],
  ['erp', 500, true],
  ['erp', 302, true],
  ['erp', 410, false],
] as const)('of %s answering %i comes again: %s', async (source, status, isLater) => {
  const { id } = await made(source);
  if (source === 'erp') trouble = [status];
  else jira.trouble.push({ status, headers: status === 429 ? { 'retry-after': '70' } : {} });
  const answer = telling()(id);

  if (isLater) await expect(answer).rejects.toMatchObject(status === 429 ? { afterMs: 70_000 } : {});
  else await answer;
  await telling()(id);
  expect(source === 'jira' ? jira.comments.size : heard.length).toBe(1);
});

it('says nothing where nothing is connected, and nothing of what is gone', async () => {
  const { id } = await made('github', 'nobody/knows#1');
  await telling()(id);
  await telling()('tk_none');
  const { id: drift } = await made('drift');
  await telling()(drift);

  expect([jira.comments.size, heard.length]).toEqual([0, 0]);
});

const THREAD = 'C0OPS/1763632800.000100';

it('answers in the thread of the message that asked, and edits that one message, also when a crash left it unnoted', async () => {
  const { id } = await made('slack', THREAD);
  await telling(FORGETFUL)(id);
  await escalate(id, '<!everyone> *bold* <@U0ANNA>');
  for (const _ of [1, 2]) await telling()(id);
  const [message, ...others] = workspace.posted;

  expect(others).toEqual([]);
  expect(message).toMatchObject({ channel: 'C0OPS', thread: '1763632800.000100' });
  expect(message?.versions).toHaveLength(2);
  expect(JSON.stringify(message?.versions[0])).toContain('A person has to look at this');
  expect(JSON.stringify(message?.versions[0])).toContain('&lt;!everyone&gt;');
});

it('answers /triage in its channel, saying what it is about', async () => {
  const { id } = await made('slack', 'triage/1.2.abc', {
    metadata: { channel: 'C0OPS' },
    title: 'Orders are late',
  });
  await telling(FORGETFUL)(id);
  await telling()(id);

  expect(workspace.posted).toHaveLength(1);
  expect(workspace.posted[0]).not.toHaveProperty('thread');
  expect(workspace.posted[0]?.versions[0].text).toContain('Orders are late');
});

it('posts without looking for an earlier message where the app may not look', async () => {
  workspace.failures.set('conversations.replies', ['missing_scope']);
  await telling()((await made('slack', THREAD)).id);

  expect(workspace.posted).toHaveLength(1);
});

it.each([
  ['is_archived', /channel is archived/],
  ['channel_not_found', /app is not in it/],
  ['account_inactive', /install the app again/],
])('lets people see that Slack refuses for good (%s), until it works again', async (error, advice) => {
  const one = await made('slack', THREAD);
  workspace.failures.set('chat.postMessage', [error]);
  await telling()(one.id);
  const [refused] = await dynamoOutbox('Deliveries', clock).answers(one);
  await telling()(one.id);

  expect(refused).toEqual({ place: `slack ${THREAD}`, at: AT, trouble: expect.stringMatching(advice) });
  expect(await dynamoOutbox('Deliveries', clock).answers(one)).toEqual([
    { place: `slack ${THREAD}`, at: AT },
  ]);
});

it('waits where Slack asks for a moment, and comes again later where it asks for more', async () => {
  const { id } = await made('slack', THREAD);
  workspace.failures.set('chat.postMessage', ['ratelimited:1']);
  await telling()(id);
  await escalate(id, 'No repository');
  workspace.failures.set('chat.update', ['ratelimited:600']);

  expect(workspace.posted).toHaveLength(1);
  await expect(telling()(id)).rejects.toMatchObject({ code: 'TooMany', afterMs: 600_000 });
});

it('does not write a message again that somebody has deleted', async () => {
  const { id } = await made('slack', THREAD);
  await telling()(id);
  workspace.posted.length = 0;
  await escalate(id, 'No repository');
  await telling()(id);

  expect(workspace.posted).toEqual([]);
});

it('says the newest last, and once, when many tell at the same time', async () => {
  const { id } = await made('jira');
  const telling20 = Array.from({ length: 20 }, async (_, at) => {
    if (at === 10) await escalate(id, 'No repository');
    await telling()(id);
  });
  await Promise.all(telling20);

  expect(jira.comments.size).toBe(1);
  expect(JSON.stringify([...jira.comments.values()])).toContain('A person has to look at this');
});
