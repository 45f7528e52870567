import { createHmac, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamo } from '#adapters/aws/clients.ts';
import { dynamoOutbox } from '#adapters/dynamodb/outbox.ts';
import { dynamoPreferences } from '#adapters/dynamodb/preferences.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { signatureFor } from '#adapters/slack/signature.ts';
import { isSignedMessage, messageOf, signMessage } from '#adapters/standard-webhooks.ts';
import type { Tickets } from '#core/ports.ts';
import { openApi } from '#core/tickets/openapi.ts';
import { isFinal, type Ticket } from '#core/tickets/ticket.ts';
import type { Local } from '#local/instance.ts';
import { start } from '#local/start.ts';
import { SLACK_APP, type SlackDouble, slackDouble, TEAM } from '../support/slack/double.ts';
import { delivery, PROJECT, ticket } from '../support/tickets.ts';
import { DISCORD_TOKEN, discordDouble } from '../support/vendors/discord.ts';
import { GITHUB_TOKEN, githubDouble } from '../support/vendors/github.ts';
import { JIRA_BOT, jiraDouble } from '../support/vendors/jira.ts';
import { LINEAR_KEY, linearDouble } from '../support/vendors/linear.ts';
import { listening } from '../support/vendors/listening.ts';

const ORG = 'acme';
const KEY = 'a secret of sixteen bytes or more';
const clock = { now: () => new Date() };
const THREAD = '1763632800.000100';
const patience = { timeout: 30_000, interval: 100 };
const slowly = { timeout: 30_000, interval: 1_000 };

let local: Local;
let tickets: Tickets;
let workspace: SlackDouble;
let github: Awaited<ReturnType<typeof githubDouble>>;
let jira: Awaited<ReturnType<typeof jiraDouble>>;
let discord: Awaited<ReturnType<typeof discordDouble>>;
let linear: Awaited<ReturnType<typeof linearDouble>>;
let erp: Awaited<ReturnType<typeof listening>>;
/** Statuses that the ERP heard, and whether each was signed and as the published description says. */
const heard: { status: string; isRight: boolean }[] = [];
const folder = mkdtempSync(join(tmpdir(), 'signalbox-answers-'));

/** The synthesised product on the local AWS, beside doubles of everybody it answers. */
beforeAll(async () => {
  [workspace, github, jira, discord, linear, erp] = await Promise.all([
    slackDouble(clock),
    ...([githubDouble(), jiraDouble(), discordDouble(), linearDouble(), erpDouble()] as const),
  ]);
  local = await start({
    root: process.cwd(),
    folder,
    ports: { product: 0, aws: 0, mailbox: 0 },
    parameters: () => ({
      ...{ FirstOrg: ORG, AdminEmail: 'admin@acme.example', MailFrom: 'signalbox@acme.example' },
      SlackUrl: workspace.url,
    }),
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: local.url('aws'),
    ...{ AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' },
  });
  connect();
  tickets = dynamoTickets(nameOf('Tickets'), nameOf('Deliveries'));
  const [known] = PROJECT.repositories;
  const repositories = [{ ...known, fullName: github.repository, apiUrl: github.url, logPrefix: undefined }];
  await dynamoProjects(nameOf('Projects')).put({ ...PROJECT, org: ORG, repositories } as typeof PROJECT);
}, 60_000);

afterAll(async () => {
  await local?.stop();
  await Promise.all([workspace, github, jira, discord, linear, erp].map((one) => one?.stop()));
  dynamo().destroy();
  rmSync(folder, { recursive: true, force: true });
});

function nameOf(id: string): string {
  const named = new RegExp(`^${id}[0-9A-F]{8}$`);
  return (
    local.assembly.resources.find((one) => one.stack === 'SignalboxData' && named.test(one.id))?.name ?? ''
  );
}

/** Puts the secrets of everything that an operator connects. */
function connect(): void {
  const isPrivate = true;
  const secrets = {
    ...{ 'webhooks/acme/github': { secrets: [KEY] }, 'webhooks/acme/jira': { secrets: [KEY] } },
    ...{ 'webhooks/acme/erp': { secrets: [KEY] }, 'slack/acme': { ...SLACK_APP, watch: ['C0OPS'] } },
    'channels/acme/jira': { site: jira.url, ...JIRA_BOT, isPrivate },
    'channels/acme/callback': { url: `${erp.url}/hook`, secrets: [KEY], isPrivate },
    'channels/acme/discord': { token: DISCORD_TOKEN, url: discord.url, isPrivate },
    'channels/acme/linear': { apiKey: LINEAR_KEY, url: linear.url, isPrivate },
  };
  for (const [name, value] of Object.entries(secrets))
    local.services.vault.put(`signalbox/${name}`, JSON.stringify(value));
  local.services.vault.put(nameOf('ForgeSecret'), GITHUB_TOKEN);
}

async function erpDouble() {
  const { components } = openApi('http://localhost') as { components: object };
  const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema({ $id: 'spec', components });
  return listening(async (request) => {
    const raw = Buffer.from(await text(request));
    const message = messageOf(request.headers as Record<string, string>, raw);
    const body = JSON.parse(raw.toString());
    const isRight =
      message !== undefined &&
      isSignedMessage(message, KEY) &&
      ajv.validate({ $ref: 'spec#/components/schemas/StatusChanged' }, body) === true;
    heard.unshift({ status: body.issue.status, isRight });
    return { status: 204 };
  });
}

function post(path: string, body: string, headers: Record<string, string>): Promise<Response> {
  const url = `${local.url('product')}/webhooks/${path}`;
  return fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
}

const hub = (body: string) => `sha256=${createHmac('sha256', KEY).update(body).digest('hex')}`;
const seconds = () => String(Math.floor(Date.now() / 1000));

const files = {
  github: () => {
    const at = new Date().toISOString();
    const issue = {
      number: 7,
      title: 'Late',
      body: '',
      state: 'open',
      html_url: 'https://github.com/acme/tap/issues/7',
    };
    const more = { user: { login: 'mara' }, labels: [], created_at: at, updated_at: at };
    const repository = { full_name: github.repository };
    const body = JSON.stringify({
      action: 'opened',
      issue: { ...issue, ...more },
      repository,
      sender: { login: 'mara' },
    });
    const headers = { 'x-github-event': 'issues', 'x-github-delivery': randomUUID() };
    return post('acme/github', body, { ...headers, 'x-hub-signature-256': hub(body) });
  },
  jira: () => {
    const given = JSON.parse(readFileSync('local/demo/jira-ticket.json', 'utf8'));
    const fields = { ...given.issue.fields, summary: 'Coffee is cold', description: 'Very', components: [] };
    const body = JSON.stringify({ ...given, timestamp: Date.now(), issue: { ...given.issue, fields } });
    return post('acme/jira', body, {
      'x-hub-signature': hub(body),
      'x-atlassian-webhook-identifier': 'wh-1',
    });
  },
  slack: () => {
    const event = { type: 'message', text: 'Tea is late', user: 'U0ANNA', ts: THREAD, channel: 'C0OPS' };
    const body = JSON.stringify({ type: 'event_callback', team_id: TEAM, event_id: 'Ev1', event });
    const timestamp = seconds();
    const signature = signatureFor(SLACK_APP.signingSecrets[0] ?? '', Buffer.from(body), timestamp);
    const headers = { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature };
    return post('slack/acme/events', body, headers);
  },
  erp: () => {
    const issue = {
      externalId: 'ERP-7',
      title: 'Juice is warm',
      description: 'Since Monday.',
      type: 'bug',
      priority: 'low',
    };
    const body = JSON.stringify({ event: 'issue.created', issue });
    const [id, timestamp] = ['msg_1', seconds()];
    const signature = signMessage({ id, timestamp, raw: Buffer.from(body) }, KEY);
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
    return post('acme/erp', body, headers);
  },
};

/** What stands at each source, the newest version first. */
const stands: Record<keyof typeof files, () => string[][]> = {
  github: () => [...github.comments.values()],
  jira: () => [...jira.comments.values()],
  slack: () =>
    workspace.posted
      .filter(({ thread }) => thread === THREAD)
      .map(({ versions }) => versions.map((one) => JSON.stringify(one))),
  erp: () => [heard.map(({ status }) => status)],
};

async function ended(id: string): Promise<Ticket> {
  const now = async () => (await tickets.find(ORG, id)) as Ticket;
  await expect.poll(async () => isFinal((await now()).status), patience).toBe(true);
  return now();
}

describe('the product and whoever asked it', { timeout: 90_000 }, () => {
  it.each([
    ['github', /A person has to look at this/, /Cancelled/],
    ['jira', /A person has to look at this/, /Cancelled/],
    ['slack', /A person has to look at this/, /Cancelled/],
    ['erp', /^escalated$/, /^cancelled$/],
  ] as const)('answers %s in one place, and edits it up to the end', async (source, first, last) => {
    const reply = await files[source]();
    expect(reply.status, await reply.clone().text()).toBe(202);
    const { id } = await reply.json();
    expect(await ended(id)).toMatchObject({ source, status: 'escalated' });
    await expect.poll(() => stands[source]()[0]?.[0], patience).toMatch(first);
    await tickets.advance(ORG, id, ['escalated'], { status: 'cancelled', reason: 'Never mind' });

    await expect.poll(() => stands[source]()[0]?.[0], patience).toMatch(last);
    expect(stands[source]()).toHaveLength(1);
    expect(heard.filter(({ isRight }) => !isRight)).toEqual([]);
  });

  it('lets one channel that is down for an hour hold up no other, and makes up for it afterwards', async () => {
    const room = (channel: string, to: string) => ({
      channel,
      to,
      when: ['trouble' as const],
      tickets: 'homeless' as const,
    });
    const rooms = [
      room('discord', discord.channel),
      room('slack', 'C0ROOM'),
      room('linear', linear.issue),
      room('email', 'ops@acme.example'),
    ] as never;
    await dynamoPreferences(nameOf('Notices')).putRooms(ORG, { rooms, revision: 0 });
    const isDown = { status: 503 };
    discord.trouble.push(...Array.from({ length: 100 }, () => isDown));
    const drift = ticket({
      org: ORG,
      source: 'drift',
      externalId: 'acme/sun',
      title: 'Sun: a column is gone',
    });
    const { ticket: one } = await tickets.accept(drift, delivery({ org: ORG, source: 'drift' }));
    await ended(one.id);

    await expect.poll(() => [...linear.comments.values()], patience).toHaveLength(1);
    await expect
      .poll(() => workspace.posted.filter(({ channel }) => channel === 'C0ROOM'), patience)
      .toHaveLength(1);
    await expect
      .poll(() => local.services.mail.mails().filter(({ to }) => to.includes('ops@acme.example')), patience)
      .toHaveLength(1);
    const outbox = dynamoOutbox(nameOf('Deliveries'), clock);
    const trouble = async () => (await outbox.answers(one)).filter((answer) => answer.trouble);
    await expect
      .poll(trouble, patience)
      .toEqual([
        expect.objectContaining({ place: `discord ${discord.channel}`, trouble: 'Discord answered 503' }),
      ]);

    const tried = discord.trouble.length;
    const later = () => local.clock.forward(10 * 60_000);
    await expect
      .poll(() => {
        later();
        return discord.trouble.length;
      }, slowly)
      .toBeLessThan(tried);
    discord.trouble.length = 0;
    await expect
      .poll(() => {
        later();
        return [...discord.messages.values()].map(([newest]) => newest);
      }, slowly)
      .toEqual([expect.stringContaining('A person has to look at this')]);
    await expect.poll(trouble, patience).toEqual([]);
  });
});
