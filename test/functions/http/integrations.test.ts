import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { putSecret, secretCredentials } from '#adapters/aws/credentials.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoChecks } from '#adapters/dynamodb/checks.ts';
import { dynamoLeases } from '#adapters/dynamodb/leases.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import type { Role } from '#core/people/person.ts';
import { integrationRoutes } from '#functions/http/integrations.ts';
import { integrationList, oneIntegration } from '#functions/integration-list.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { send } from '../../support/request.ts';
import { delivery, PROJECT, ticket } from '../../support/tickets.ts';

let aws: LocalAws;
let org: string;
let count = 0;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());
beforeEach(() => {
  org = `integrations-${++count}`;
});

const projects = dynamoProjects('Projects');
const tickets = dynamoTickets('Tickets', 'Deliveries');
const checks = dynamoChecks('Checks');

const SHOP = {
  repository: 'https://git.example/acme/tap-shop.git',
  project: 'shop',
  package: 'tap-shop',
  tenant: 'acme',
  credentials: 'shop',
  approvers: ['paula@acme.example'],
};

async function call(method: string, path: string, body?: object, roles: Role[] = ['lead']) {
  const principal = { via: 'session' as const, org, id: 'p', email: 'l@x.example', name: 'L', roles };
  const [, , , owner = '', name = ''] = path.split('/');
  const prefix = 'signalbox/credentials';
  const route = integrationRoutes({ principalOf: async () => principal, projects, prefix, put: putSecret });
  const sent = { method, path, params: { owner, name }, ...(body && { body: JSON.stringify(body) }) };
  const answer = await send(route, sent);
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
}

const add = (change: object = {}, roles?: Role[]) =>
  call('POST', '/api/integrations', { ...SHOP, ...change }, roles);
const listed = async () => (await integrationList({ org, id: '', projects, tickets, checks })).integrations;

describe('registering an integration', () => {
  it('makes its project, and answers what it came to', async () => {
    const { status, body } = await add();

    expect(status).toBe(200);
    expect(body.integration).toEqual({
      ...{ org, projectId: 'shop', repository: 'acme/tap-shop', kind: 'tap', package: 'tap-shop' },
      ...{ tenant: 'acme', schedule: 'weekly', credentials: 'shop', discovery: 'auto' },
    });
    expect(await projects.find(org, 'shop')).toMatchObject({ approvers: ['paula@acme.example'] });
  });

  it('keeps what a repository was known for', async () => {
    const known = {
      ...PROJECT.repositories[0],
      fullName: 'acme/tap-shop',
      aliases: ['shop'],
      logPrefix: 'logs/shop/',
    };
    await projects.put({
      ...PROJECT,
      org,
      id: 'shop',
      repositories: [known as (typeof PROJECT.repositories)[0]],
    });
    await add({ approvers: [] });

    const [repository] = (await projects.find(org, 'shop'))?.repositories ?? [];
    expect(repository).toMatchObject({
      aliases: ['shop'],
      logPrefix: 'logs/shop/',
      integration: { tenant: 'acme' },
    });
  });

  it('said again changes it', async () => {
    await add();
    await add({ schedule: 'manual' });

    expect((await listed()).map(({ schedule }) => schedule)).toEqual(['manual']);
  });

  it('loses nothing when many do it at one moment', async () => {
    const names = ['a', 'b', 'c'];
    const repository = (name: string) => `https://git.example/acme/tap-${name}.git`;
    const answers = await Promise.all(names.map((name) => add({ repository: repository(name) })));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await listed()).map((one) => one.repository)).toEqual(names.map((name) => `acme/tap-${name}`));
  });

  it.each([
    ['repository', { repository: 'acme/tap-shop' }],
    ['project', { project: 'Shop!' }],
    ['package', { package: '../tap' }],
    ['tenant', { tenant: '' }],
    ['schedule', { schedule: 'hourly' }],
    ['kind', { kind: 'service' }],
    ['discovery', { discovery: 'magic' }],
    ['credentials', { credentials: 'two words' }],
    ['tenant', { credentials: 'signalbox/credentials/other/acme/shop' }],
    ['credentials', { credentials: 'ghp_0123456789abcdefghijklmnopqrstuvwxyz' }],
    ['approvers', { approvers: [] }],
  ])('names the field %s when it is wrong, and repeats no credential', async (field, change) => {
    const { status, body } = await add(change);

    expect(status).toBe(400);
    expect(body.message).toContain(field);
    expect(body.message).not.toContain('ghp_');
    expect(await listed()).toEqual([]);
  });

  it('refuses who is no lead, and a repository that another project has', async () => {
    expect((await add({}, ['approver'])).status).toBe(403);
    await add();
    expect(await add({ project: 'other' })).toMatchObject({
      ...{ status: 409, body: { message: 'acme/tap-shop is in project shop: register it there' } },
    });
  });
});

describe('an integration', () => {
  it('is listed with its newest work and its open tickets, to its own organization alone', async () => {
    await add();
    const classification = {
      ...{
        type: 'bug' as const,
        priority: 'high' as const,
        repository: 'acme/tap-shop',
        role: 'engineer' as const,
      },
      ...{ complexity: 'low' as const, confidence: 1, reason: 'said so', by: 'source' as const },
    };
    const { ticket: open } = await tickets.accept(ticket({ org }), delivery({ org }));
    await tickets.advance(org, open.id, ['received'], {
      classification,
      status: 'implementing',
      runId: 'run_1_1',
    });

    const at = '2026-11-23T05:00:00.000Z';
    const read = { kind: 'dynamic' as const, reason: 'the catalog is made with requests.get()' };
    await checks.put({
      ...{ org, projectId: 'shop', repository: 'acme/tap-shop', check: 'w1', began: at, at },
      ...{ state: 'inconclusive' as const, reason: 'AUTH, http-401' },
      ...{ counts: { breaking: 0, warning: 0, information: 0 }, changes: [], severities: 1, discovery: read },
    });

    const [one] = await listed();
    expect(one?.health).toMatchObject({
      ...{ openTickets: 1, lastRun: { ticketId: open.id, status: 'implementing' } },
      lastCheck: { state: 'inconclusive', at, discovery: read, reason: 'AUTH, http-401' },
    });
    org = 'somebody-else';
    expect(await listed()).toEqual([]);
  });

  it('is removed, and its repository stays', async () => {
    await add();

    expect((await call('DELETE', '/api/integrations/acme/tap-shop')).status).toBe(200);
    expect(await listed()).toEqual([]);
    expect((await projects.find(org, 'shop'))?.repositories).toMatchObject([{ weekly: false }]);
    expect((await call('DELETE', '/api/integrations/acme/tap-shop')).status).toBe(404);
    await expect(oneIntegration({ org, id: 'acme/tap-shop', projects, tickets, checks })).rejects.toThrow(
      'is not registered',
    );
  });
});

describe("an integration's credentials", () => {
  const path = '/api/integrations/acme/tap-shop/credentials';
  const kept = (id: string) => secretCredentials(id, { leases: dynamoLeases('Leases', clock) }).read();

  it('are kept where the tenant’s are, again and again, and not answered', async () => {
    await add();
    for (const token of ['first-token', 'second-token']) {
      const { status, body } = await call('PUT', path, { token, start: '2026-01-01' });

      const secret = `signalbox/credentials/${org}/acme/shop`;
      expect({ status, body }).toEqual({ status: 200, body: { secret, settings: ['start', 'token'] } });
      expect(JSON.parse((await kept(secret)).text)).toEqual({ token, start: '2026-01-01' });
    }
  });

  it('are taken from a lead, for what names a place for them, as an object of a size that a secret has', async () => {
    expect((await call('PUT', path, {})).status).toBe(404);
    await add({ credentials: undefined });
    expect((await call('PUT', path, {})).body.message).toContain('names no credentials');
    await add();

    expect((await call('PUT', path, { token: 'x' }, ['approver'])).status).toBe(403);
    expect((await call('PUT', path, ['a-secret-thing'])).body.message).not.toContain('a-secret-thing');
    expect((await call('PUT', path, { token: 'x'.repeat(70_000) })).status).toBe(413);
  });

  it('are asked for weekly again once it is registered again', async () => {
    await add();
    await call('DELETE', '/api/integrations/acme/tap-shop');
    await add();

    expect((await projects.find(org, 'shop'))?.repositories[0]).not.toHaveProperty('weekly');
  });
});
