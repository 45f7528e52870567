import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Context } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clock } from '#adapters/clock.ts';
import { dynamoDeliveries } from '#adapters/dynamodb/deliveries.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { appFrom } from '#adapters/github/app.ts';
import { webhookSecrets } from '#adapters/webhook-secrets.ts';
import type { Role } from '#core/people/person.ts';
import { ourHooks } from '#functions/gaps.ts';
import { githubWebhook } from '#functions/http/github-webhook.ts';
import { repairDeliveries } from '#functions/http/repair-deliveries.ts';
import { handler as hourly } from '#functions/schedule/repair-gaps.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { type GitHubDouble, githubDouble } from '../../support/github-app.ts';
import { send } from '../../support/request.ts';

const deliveries = dynamoDeliveries('Deliveries');
const projects = dynamoProjects('Projects');
const tickets = dynamoTickets('Tickets', 'Deliveries');
const inbound = { tickets, clock, secrets: webhookSecrets('signalbox/webhooks') };

let aws: LocalAws;
let door: Server;
let publicUrl: string;
let forge: GitHubDouble;
let auth: string;
let org: string;
let count = 0;

beforeAll(async () => {
  aws = await localAws();
  door = createServer(async (request, response) => {
    const path = request.url ?? '';
    const headers = request.headers as Record<string, string>;
    const body = String(await buffer(request));
    const params = { org: path.split('/')[2] ?? '' };
    const answer = await send(githubWebhook(inbound), { method: 'POST', path, params, headers, body });
    response.writeHead(answer.statusCode).end(answer.body);
  });
  await new Promise<void>((ready) => door.listen(0, '127.0.0.1', ready));
  publicUrl = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
});
afterAll(async () => {
  door.close();
  await aws.stop();
});
beforeEach(async () => {
  count += 1;
  org = `gaps-${count}`;
  forge = await githubDouble({ page: 2, isPingLost: true });
  auth = await appAt(`${publicUrl}/webhooks/${org}/github`);
});
afterEach(async () => {
  expect(forge.unlike).toEqual([]);
  await forge.stop();
});

/** An App whose webhook sends there, and whose secret is ours too. */
async function appAt(url: string): Promise<string> {
  const manifest = JSON.stringify({ hook_attributes: { url }, redirect_url: 'http://127.0.0.1:1/made' });
  const body = new URLSearchParams({ manifest });
  const made = await fetch(`${forge.url}/settings/apps/new`, { method: 'POST', body, redirect: 'manual' });
  const code = new URL(made.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const apiUrl = `${forge.url}/api/v3`;
  const { id, pem, webhook_secret: secret } = await appFrom(apiUrl, code);
  const SecretString = JSON.stringify({ secrets: [secret] });
  const Name = `signalbox/webhooks/${org}/github`;
  await new SecretsManagerClient().send(new CreateSecretCommand({ Name, SecretString }));
  forge.log.length = 0;
  return JSON.stringify({ hosts: { [new URL(forge.url).host]: { appId: id, privateKey: pem, apiUrl } } });
}

const opened = (number: number) => ({
  action: 'opened',
  issue: {
    ...{
      number,
      title: `Issue ${number}`,
      body: 'Late',
      html_url: `https://github.com/acme/tap/issues/${number}`,
    },
    ...{ user: { login: 'rosa', type: 'User' }, labels: [], state: 'open', id: number },
    ...{ created_at: '2026-11-20T10:00:00Z', updated_at: '2026-11-20T10:00:00Z' },
  },
  repository: { full_name: 'acme/tap', name: 'tap', owner: { login: 'acme' } },
  sender: { login: 'rosa', type: 'User' },
});
const lost = (number: number, at?: string) =>
  forge.fire('issues', opened(number), { lost: true, ...(at && { at }) });

async function repair(body = {}, roles: Role[] = ['lead']) {
  const principal = { via: 'session' as const, org, id: 'p_1', email: 'a@b.example', name: 'A', roles };
  const answer = await send(
    repairDeliveries({
      ...{ principalOf: async () => principal, deliveries, clock },
      hooksOf: (of) => ourHooks(auth, { org: of, projects, publicUrl }),
    }),
    { method: 'POST', path: '/api/deliveries/repair', body: JSON.stringify(body) },
  );
  return { status: answer.statusCode, ...JSON.parse(answer.body) };
}

const titles = async () =>
  (await tickets.list(org, { limit: 50 })).tickets.map(({ title }) => title).toSorted();
const posts = () => forge.asked.filter((one) => one.startsWith('POST') && one.endsWith('/attempts'));

describe('what never came', () => {
  it('is sent again, page by page, and is one ticket each, however often it is repaired', async () => {
    await forge.fire('issues', opened(1));
    for (const number of [2, 3, 4]) await lost(number);
    const [found] = await Promise.all([repair(), repair()]);
    await expect.poll(titles).toEqual(['Issue 1', 'Issue 2', 'Issue 3', 'Issue 4']);
    await expect
      .poll(() => forge.log.filter(({ redelivery }) => redelivery).length)
      .toBeGreaterThanOrEqual(3);
    const again = await repair();

    expect(found.gaps.map(({ did }: { did: string }) => did)).toEqual(Array(3).fill('sent again'));
    expect(again).toMatchObject({ webhooks: 1, gaps: [], isWhole: true });
    expect(await titles()).toHaveLength(4);
    expect(forge.asked.filter((one) => one.includes('cursor=v1_')).length).toBeGreaterThan(2);
  });

  it('is sent again every hour by itself', async () => {
    await lost(1);
    const Name = `forge/${org}`;
    await new SecretsManagerClient().send(new CreateSecretCommand({ Name, SecretString: auth }));
    Object.assign(process.env, {
      ...{ DELIVERIES_TABLE: 'Deliveries', PROJECTS_TABLE: 'Projects', FORGE_SECRET_ARN: Name },
      ...{ PUBLIC_URL: publicUrl, FIRST_ORG: org },
    });
    await hourly({}, {} as Context);

    await expect.poll(titles).toEqual(['Issue 1']);
  });

  it('is not what we kept though GitHub heard no answer, nor what is older than was asked for', async () => {
    await forge.fire('issues', opened(1));
    for (const one of forge.log) one.status_code = 504;
    await lost(2, new Date(Date.now() - 7_200_000).toISOString());

    expect(await repair({ hours: 1 })).toMatchObject({ gaps: [], isWhole: true });
    expect(posts()).toEqual([]);
  });

  it('is given up on after five attempts', async () => {
    await lost(1);
    const [first] = forge.log;
    for (let id = 2; id <= 5; id += 1)
      forge.log.unshift({ ...(first as (typeof forge.log)[0]), id: id + 1_000 });

    expect((await repair()).gaps).toMatchObject([{ attempts: 5, did: 'given up' }]);
    expect(posts()).toEqual([]);
  });

  it("is left for later when GitHub's limit is near, and that is said", async () => {
    await lost(1);
    forge.left = 400;

    expect(await repair()).toMatchObject({ gaps: [{ did: 'left for later' }], isWhole: false });
    expect(posts()).toEqual([]);
  });

  it('is not asked of a webhook that sends elsewhere, or by anybody but a lead', async () => {
    await lost(1);
    const own = org;
    org = 'another';

    expect(await repair()).toMatchObject({ webhooks: 0, gaps: [] });
    org = own;
    expect((await repair({}, ['viewer'])).status).toBe(403);
    expect(posts()).toEqual([]);
  });
});
