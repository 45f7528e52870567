import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoChecks } from '#adapters/dynamodb/checks.ts';
import { dynamoDeadLetters } from '#adapters/dynamodb/dead-letters.ts';
import { dynamoDeliveries } from '#adapters/dynamodb/deliveries.ts';
import { dynamoIdentities } from '#adapters/dynamodb/identities.ts';
import { dynamoLikeness } from '#adapters/dynamodb/likeness.ts';
import { dynamoOutbox } from '#adapters/dynamodb/outbox.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoRoutes } from '#adapters/dynamodb/routes.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import type { Principal } from '#core/people/principal.ts';
import { limitsFrom } from '#core/queue/limits.ts';
import type { Place } from '#core/queue/place.ts';
import type { CheckRecord } from '#core/taps/check.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { api } from '#functions/http/api.ts';
import { checkTaps } from '#functions/http/check-taps.ts';
import { putProject } from '#functions/http/put-project.ts';
import { replayDeliveries } from '#functions/http/replay-deliveries.ts';
import { restIntake } from '#functions/http/rest-intake.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { type Sent, send } from '../../support/request.ts';
import { AT, delivery, PROJECT, run } from '../../support/tickets.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

let org = '';
let count = 0;
let principal: Principal;
beforeEach(() => {
  count += 1;
  org = `api-${count}`;
  principal = { via: 'key', org, id: 'p_1', keyId: 'k1', scopes: ['issues:read', 'issues:write'] };
});

const tickets = dynamoTickets('Tickets', 'Deliveries');
const runs = dynamoRuns('Runs');
const projects = dynamoProjects('Projects');
const checks = dynamoChecks('Checks');
const spend = dynamoSpend('Runs');
const routes = dynamoRoutes('Runs');
const principalOf = async () => principal;
const publicUrl = 'http://localhost:4600/';
const people = dynamoPeople('People');
const clock = { now: () => new Date(AT) };
const artifacts = s3Artifacts('artifacts');
const queue = dynamoQueue('Queue');
const limits = limitsFrom('50', '2');
const likeness = dynamoLikeness('Triage');
const outbox = dynamoOutbox('Deliveries', clock);

const post = (body: unknown, headers: Record<string, string> = {}) =>
  send(restIntake({ principalOf, tickets, publicUrl, clock, queue, limits }), {
    method: 'POST',
    path: '/api/issues',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

it('tells which routes of models are closed', async () => {
  const state = { route: 'anthropic/x', isOpen: false, why: ['no'], checkedAt: AT, since: AT };
  await routes.put(state);

  expect(await get('/api/models')).toEqual({ statusCode: 200, body: { routes: [state] } });
});

async function get(path: string, query?: Sent['query']) {
  const approvals = dynamoApprovals({ approvals: 'Approvals', ledger: 'Ledger' });
  const deliveries = dynamoDeliveries('Deliveries');
  const reads = {
    principalOf,
    tickets,
    deliveries,
    deadLetters: dynamoDeadLetters('DeadLetters'),
    firstOrg: 'main',
    runs,
    projects,
    checks,
    spend,
    approvals,
    people,
    artifacts,
    routes,
    likeness,
    identities: dynamoIdentities('People'),
    outbox,
    queue,
    limits,
  };
  const route = api({ ...reads, clock, publicUrl });
  const { statusCode, body } = await send(route, { path, ...(query && { query }) });
  return { statusCode, body: JSON.parse(body) };
}

it('takes an issue and says where it is', async () => {
  const answer = await post({ title: 'Late', priority: 'high', context: { module: 'orders' } });
  const { id, ...rest } = JSON.parse(answer.body);

  expect(answer.statusCode).toBe(202);
  expect(rest).toEqual({
    status: 'received',
    jobId: `run_${id.slice(3)}_1`,
    estimatedWait: null,
    trackingUrl: `http://localhost:4600/tickets/${id}`,
  });
  expect((await get(`/api/issues/${id}`)).body).toMatchObject({
    id,
    title: 'Late',
    priority: 'high',
    source: 'rest',
  });
});

it('estimates the wait by how long the last ones waited', async () => {
  for (const [at, seconds] of [12, 30, 700].entries()) {
    const { id } = JSON.parse((await post({ title: `${at}` })).body);
    const begunAt = new Date(Date.parse(AT) + seconds * 1000).toISOString();
    await tickets.advance(org, id, ['received'], { status: 'triaging', begunAt });
  }

  expect(JSON.parse((await post({ title: 'new' })).body).estimatedWait).toBe(30);
  expect(JSON.parse((await post({ title: '0' })).body)).toMatchObject({
    status: 'triaging',
    estimatedWait: 0,
  });
});

it('estimates the wait by who stands before it and how long runs take, once every slot is taken', async () => {
  const at = (minute: number) => `2026-11-20T08:${minute + 10}:00.000Z`;
  const joined = async (n: number, priority: 'high' | 'low', ticketId = `tk_${n}`) => {
    const arrival = { org, runId: `run_${n}`, ticketId, executionArn: 'x', kind: 'start' as const };
    return queue.join({ ...arrival, priority, arrivedAt: at(n) }, { grant: 0, token: 't', at: at(n) });
  };
  for (const n of [0, 1]) await queue.hold((await joined(n, 'high')) as Place, limits, at(0));
  await queue.end(org, 'run_0', at(10));
  await queue.hold((await joined(2, 'high')) as Place, limits, at(10));
  const { id } = JSON.parse((await post({ title: 'last', priority: 'low' })).body);
  await joined(4, 'low');
  await joined(5, 'low', id);
  await runs.open(run({ org, id: 'run_5', ticketId: id }));
  await tickets.advance(org, id, ['received'], { runId: 'run_5' });
  await joined(6, 'high');

  expect((await get('/api/queue')).body).toMatchObject({
    ...{ slots: 2, free: 0, waitingInAll: 3, holdsFor: 600 },
    working: [{ runId: 'run_1' }, { runId: 'run_2' }],
    waiting: [
      { position: 1, runId: 'run_6', estimatedWait: 300 },
      { position: 2, runId: 'run_4', estimatedWait: 600 },
      { position: 3, runId: 'run_5', estimatedWait: 900, title: 'last', priority: 'low' },
    ],
  });
  expect((await get(`/api/issues/${id}`)).body).toMatchObject({ position: 3, estimatedWait: 900 });
  expect(JSON.parse((await post({ title: 'new', priority: 'critical' })).body).estimatedWait).toBe(600);
  await queue.rerank(org, 'run_5', { priority: 'critical' });
  expect((await get(`/api/issues/${id}`)).body).toMatchObject({ position: 1, estimatedWait: 300 });
});

it('finds issues by module, words and time, page by page', async () => {
  for (const [at, module] of ['ledger', 'orders', 'Ledger'].entries())
    await post({ title: `Late ${at}`, description: `Nr. ${at} of ACME`, context: { module } });
  const titles = async (query: Sent['query']) =>
    (await get('/api/issues', query)).body.issues.map(({ title }: { title: string }) => title).toSorted();
  const next = new Date(Date.parse(AT) + 1).toISOString();

  expect(await titles({ module: 'LEDGER' })).toEqual(['Late 0', 'Late 2']);
  expect(await titles({ text: 'acme', module: 'orders' })).toEqual(['Late 1']);
  expect(await titles({ text: 'nr. 2' })).toEqual(['Late 2']);
  expect(await titles({ from: AT, to: next })).toHaveLength(3);
  expect(await titles({ from: next })).toEqual([]);
  expect(await titles({ to: AT })).toEqual([]);
  expect(await titles({ from: '2026-11-20', to: '2026-11-20T12:00:00.001+02:00' })).toHaveLength(3);
  expect(await titles({ from: '2026-11-20T10:00:00Z', to: '2026-11-21' })).toHaveLength(3);
  expect(await titles({ to: '0000-01-01' })).toEqual([]);
  const { body } = await get('/api/issues', { module: 'ledger', limit: '1' });
  expect(
    (await get('/api/issues', { module: 'ledger', limit: '1', cursor: body.cursor })).body.issues,
  ).toHaveLength(1);
});

it.each([
  [{ from: 'yesterday' }, /2026-11-21T09:00:00Z.*at from/s],
  [{ to: '2026-11-20T10:00:00 02:00' }, /%2B.*at to/s],
  [{ from: '2026-11-21', to: '2026-11-21' }, /later.*at to/s],
])('refuses the times %o, and says what to write', async (query, said) => {
  const { statusCode, body } = await get('/api/issues', query);

  expect(statusCode).toBe(400);
  expect(body.message).toMatch(said);
});

it('is one ticket under one URL, and refuses what no page may link to', async () => {
  const url = 'https://github.com/acme/tap/issues/9';
  const [one, other] = [await post({ title: 'a', url }), await post({ title: 'b', url: `${url}/#top` })];

  expect(JSON.parse(other.body).id).toBe(JSON.parse(one.body).id);
  expect((await post({ title: 'c', url: 'javascript:alert(1)' })).statusCode).toBe(400);
});

it('answers as its OpenAPI says, which is made from the schemas it checks by', async () => {
  const { body: spec } = await get('/openapi.json');
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'spec', components: spec.components });
  const problems = (name: string, value: unknown) => {
    const isValid = ajv.validate({ $ref: `spec#/components/schemas/${name}` }, value);
    return isValid ? [] : (ajv.errors ?? []);
  };
  const issue = { title: 'Late', priority: 'high', context: { module: 'orders', metadata: { a: 1 } } };
  const accepted = JSON.parse((await post(issue)).body);
  await runs.open(run({ org, id: accepted.jobId, ticketId: accepted.id }));
  await tickets.advance(org, accepted.id, ['received'], { runId: accepted.jobId, status: 'triaging' });

  expect(spec.openapi).toBe('3.1.0');
  expect(Object.keys(spec.paths)).toEqual(['/api/issues', '/api/issues/{id}']);
  const from = spec.paths['/api/issues'].get.parameters.find(({ name }: { name: string }) => name === 'from');
  const isTime = ajv.compile(from.schema);
  const times = ['2026-11-21', '2026-11-21T09:00:00Z', '2026-11-21T09:00:00+02:00', 'yesterday'];
  expect(times.map((time) => isTime(time))).toEqual([true, true, true, false]);
  expect(problems('NewIssue', issue)).toEqual([]);
  expect(problems('NewIssue', { ...issue, priorty: 'high' })).not.toEqual([]);
  expect(problems('Accepted', accepted)).toEqual([]);
  expect(problems('IssuePage', (await get('/api/issues')).body)).toEqual([]);
  expect(problems('IssueWithJob', (await get(`/api/issues/${accepted.id}`)).body)).toEqual([]);
  expect(problems('Problem', (await get('/api/issues/none')).body)).toEqual([]);
});

it.each([
  ['Idempotency-Key', { title: 'a' }, { title: 'a' }, { 'idempotency-key': 'k-1' }],
  ['body', { title: 'b' }, { title: 'b' }, {}],
  ['external id', { title: 'c', externalId: 'X' }, { title: 'changed', externalId: 'X' }, {}],
])('answers the same ticket for the same %s', async (_, first, again, headers) => {
  expect((await post(again, headers)).statusCode).toBe(202);
  const answers = [await post(first, headers), await post(first, headers)];

  expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  expect((await get('/api/issues')).body.issues).toHaveLength(1);
});

it('refuses a key that is used for another issue', async () => {
  await post({ title: 'a' }, { 'idempotency-key': 'k-1' });

  expect((await post({ title: 'b' }, { 'idempotency-key': 'k-1' })).statusCode).toBe(409);
  expect((await post({ title: 'b' }, { 'idempotency-key': 'a b' })).statusCode).toBe(400);
});

it.each([
  ['{', 400, 'not JSON'],
  ['{"priority":"high"}', 400, 'title'],
  ['{"title":"a","priorty":"high"}', 400, 'priorty'],
  ['{"title":"a","type":"joke"}', 400, 'type'],
])('refuses %s and names what is wrong', async (body, status, named) => {
  const answer = await post(body);

  expect(answer.statusCode).toBe(status);
  expect(answer.body).toContain(named);
  expect((await get('/api/issues')).body.issues).toEqual([]);
});

it('needs the scope to write, and a role in a session', async () => {
  principal = { via: 'key', org, id: 'p_1', keyId: 'k1', scopes: ['issues:read'] };
  expect((await post({ title: 'a' })).statusCode).toBe(403);
  expect((await get('/api/projects')).statusCode).toBe(403);
  principal = { via: 'session', org, id: 'p_1', email: 'v@x.example', name: 'V', roles: ['viewer'] };
  expect((await post({ title: 'a' })).statusCode).toBe(403);
  expect((await get('/api/projects')).statusCode).toBe(200);
  expect((await get('/api/me')).body).toEqual({
    org,
    id: 'p_1',
    email: 'v@x.example',
    name: 'V',
    roles: ['viewer'],
  });
});

it('shows no other organization anything', async () => {
  const { id } = JSON.parse((await post({ title: 'a' })).body);
  await runs.open(run({ org, id: 'run_x', ticketId: id }));
  principal = { ...principal, org: `${org}-other` };

  expect((await get(`/api/tickets/${id}`)).statusCode).toBe(404);
  expect((await get(`/api/runs/run_x`)).statusCode).toBe(404);
  expect((await get(`/api/runs/run_x/lines`)).body.lines).toEqual([]);
  expect((await get('/api/tickets')).body.tickets).toEqual([]);
});

it('shows a run with its lines after a line', async () => {
  const { id } = JSON.parse((await post({ title: 'a' })).body);
  await runs.open(run({ org, id: 'run_y', ticketId: id, spentNanoUsd: 7 }));
  await tickets.advance(org, id, ['received'], { runId: 'run_y', status: 'triaging' });
  for (const line of ['1', '2'])
    await runs.say(org, 'run_y', {
      id: line,
      at: AT,
      stage: 'triage',
      who: 'lead',
      level: 'info',
      text: line,
    });

  expect((await get('/api/runs/run_y/lines', { after: '1' })).body).toMatchObject({
    lines: [{ text: '2' }],
    after: '2',
  });
  expect((await get(`/api/issues/${id}`)).body.job).toMatchObject({
    id: 'run_y',
    progress: 0,
    log: [{ text: '1' }, { text: '2' }],
  });
  expect((await get(`/api/tickets/${id}`)).body).toMatchObject({
    ticket: { id },
    runs: [{ id: 'run_y' }],
    costs: [],
  });
  expect((await get('/api/summary')).body).toEqual({ byStatus: { triaging: 1 }, spentNanoUsd: 7 });
  expect((await get('/api/approvals')).statusCode).toBe(403);
  principal = { via: 'session', org, id: 'p_1', email: 'v@x.example', name: 'V', roles: ['viewer'] };
  expect((await get('/api/approvals')).body).toEqual({ approvals: [] });
});

it('lists deliveries and shows one, and reads them again for a lead', async () => {
  principal = { via: 'session', org, id: 'p_1', email: 'l@x.example', name: 'L', roles: ['lead'] };
  const erp = (id: string, text: string) => delivery({ org, source: 'erp', id, text });
  const issue = { externalId: 'E-1', title: 'Late' };
  const good = JSON.stringify({ event: 'issue.created', issue });
  await tickets.keep(erp('d/1#?', good), { outcome: 'malformed', why: 'a bug of ours' });
  await tickets.keep(erp('d2', '{"event":"issue.created"}'), { outcome: 'malformed', why: 'theirs' });
  const route = replayDeliveries({ principalOf, deliveries: dynamoDeliveries('Deliveries'), tickets, clock });
  const replay = async (body: object) => {
    const answer = await send(route, { method: 'POST', path: '/', body: JSON.stringify(body) });
    return { status: answer.statusCode, body: JSON.parse(answer.body) };
  };
  const { body: shown } = await get('/api/deliveries', { source: 'erp', id: 'd/1#?' });
  expect(Buffer.from(shown.body, 'base64').toString()).toBe(good);
  expect((await get('/api/deliveries', { outcome: 'malformed' })).body.deliveries).toHaveLength(2);
  const { body } = await replay({ outcome: 'malformed' });

  expect(body.replayed.map(({ outcome }: { outcome: string }) => outcome).toSorted()).toEqual([
    'malformed',
    'ticket',
  ]);
  expect((await get('/api/tickets')).body.tickets).toMatchObject([{ externalId: 'E-1', source: 'erp' }]);
  expect((await replay({ source: 'erp', id: 'd/1#?' })).body.replayed).toMatchObject([{ outcome: 'known' }]);
  expect((await replay({ source: 'erp', id: 'none' })).status).toBe(404);
  principal = { via: 'session', org, id: 'p_1', email: 'v@x.example', name: 'V', roles: ['viewer'] };
  expect((await replay({ outcome: 'malformed' })).status).toBe(403);
});

it.each([
  ['/api/nothing', undefined, 404],
  ['/api/tickets/..%2f', undefined, 404],
  ['/api/tickets', { status: 'unheard of' }, 400],
  ['/api/tickets', { limit: '101' }, 400],
  ['/api/tickets', { page: '2' }, 400],
  ['/api/tickets', { cursor: 'x' }, 400],
  ['/api/tickets', { limit: '100', status: 'merged', type: 'bug' }, 200],
])('answers GET %s %j with %i', async (path, query, status) => {
  expect((await get(path, query)).statusCode).toBe(status);
});

it('lets leads make projects, in their own organization', async () => {
  const { org: _, id: __, ...body } = PROJECT;
  const put = (id: string, sent: object) =>
    send(putProject(principalOf, projects), {
      method: 'PUT',
      path: `/api/projects/${id}`,
      id,
      body: JSON.stringify(sent),
    });
  expect((await put('etl', body)).statusCode).toBe(403);
  principal = { via: 'session', org, id: 'p_1', email: 'l@x.example', name: 'L', roles: ['lead'] };

  expect((await put('etl', body)).statusCode).toBe(200);
  expect((await put('Not An Id', body)).statusCode).toBe(400);
  expect((await put('etl', { ...body, approvers: [] })).body).toContain('approvers');
  expect(await projects.find(org, 'etl')).toMatchObject({ org, name: 'ETL' });
});

it('gives a run’s conversations and its change in parts, to its own organization alone', async () => {
  const kept = (round: string, lease: number) => ({ round, lease, segments: 2, base: 'b' });
  await runs.open(run({ org, id: 'run_1_1' }));
  const partial = { patchKey: `runs/${org}/run_1_1/partial-0.mbox`, isVerified: false, report: 'Why' };
  await runs.update(org, 'run_1_1', { partial, journal: kept('after-x', 2), earlier: [kept('first', 1)] });
  for (const [round, lease] of [
    ['first', 1],
    ['after-x', 2],
  ])
    for (const part of [0, 1])
      await artifacts.put(
        `runs/${org}/run_1_1/journal/${round}/${lease}-0000${part}.jsonl`,
        `${round} ${part}`,
        'application/jsonl',
      );
  const bytes = Buffer.alloc(4_000_000, 'é', 'latin1');
  await artifacts.put(partial.patchKey, bytes, 'text/plain');
  principal = { via: 'session', org, id: 'u', email: 'u@acme.example', name: 'U', roles: ['lead'] };

  const journal = (query: Record<string, string>) => get('/api/runs/run_1_1/journal', query);
  expect((await journal({})).body).toMatchObject({ round: 'after-x', rounds: 2, text: 'after-x 0', next: 1 });
  expect((await journal({ round: '1', part: '1' })).body).toEqual({
    ...{ round: 'first', lease: 1, base: 'b', rounds: 2, text: 'first 1' },
  });
  expect((await journal({ round: '3' })).statusCode).toBe(404);
  const patch = (part: string) => get('/api/runs/run_1_1/patch', { part });
  const [first, second] = [(await patch('0')).body, (await patch('1')).body];
  expect(first).toMatchObject({ name: 'partial-0.mbox', isPartial: true, isVerified: false, next: 1 });
  expect(second).not.toHaveProperty('next');
  const whole = [first, second].map(({ base64 }) => Buffer.from(base64, 'base64'));
  expect(Buffer.concat(whole).equals(bytes)).toBe(true);

  principal = { ...principal, roles: ['viewer'] } as Principal;
  expect((await patch('0')).statusCode).toBe(403);
  principal = { ...principal, org: 'another', roles: ['lead'] } as Principal;
  for (const { statusCode } of [await patch('0'), await journal({})]) expect(statusCode).toBe(404);
});

describe('drift', () => {
  const check = (id: string, began: string, more: Partial<CheckRecord> = {}): CheckRecord => ({
    ...{
      org,
      projectId: 'orders',
      repository: 'acme/tap-orders',
      check: id,
      began,
      at: began,
      severities: 1,
    },
    ...{ state: 'same', counts: { breaking: 0, warning: 0, information: 0 }, changes: [] },
    ...more,
  });
  const weeks = ['2026-11-09T05:00:00.000Z', '2026-11-16T05:00:00.000Z'] as const;
  const change = (id: number) => ({
    ...{ id: `c${id}`, rule: 'TYPE_CHANGED', severity: 'breaking' as const, cause: 'api' as const },
    ...{ stream: 'orders', path: `f${id}`, was: 'string', is: 'integer', readers: [] },
  });

  it('lists every tap with its last check, and those that never had one', async () => {
    await projects.put({ ...PROJECT, org });
    await checks.put(check('a', weeks[0]));
    await checks.put(check('b', weeks[1], { state: 'inconclusive', reason: 'no network' }));
    const { body } = await get('/api/drift');
    const [orders, ...others] = body.taps;

    expect(orders).toMatchObject({
      repository: 'acme/tap-orders',
      check: { check: 'b', state: 'inconclusive', reason: 'no network' },
    });
    expect(others.every((tap: object) => !('check' in tap))).toBe(true);
    expect(body.severities.STREAM_REMOVED).toBe('breaking');
  });

  it("tells a tap's checks, the newest first, each once, with as many changes as fit", async () => {
    await projects.put({ ...PROJECT, org });
    const changes = Array.from({ length: 120 }, (_, id) => change(id));
    await checks.put(check('a', weeks[0]));
    for (const _ of [1, 2]) await checks.put(check('b', weeks[1], { state: 'drift', changes }));
    const { body } = await get('/api/drift/acme/tap-orders');

    expect(body.checks.map((one: CheckRecord) => one.check)).toEqual(['b', 'a']);
    expect(body.checks[0]).toMatchObject({ unlisted: 20, changes: changes.slice(0, 100) });
  });

  it("knows nothing of a repository that is not there, or is another organization's", async () => {
    expect((await get('/api/drift/acme/tap-nothing')).statusCode).toBe(404);
    await projects.put({ ...PROJECT, org });
    await checks.put(check('a', weeks[0]));
    org = `${org}-other`;
    principal = { via: 'key', org, id: 'p_1', keyId: 'k1', scopes: ['issues:read'] };

    expect((await get('/api/drift')).body.taps).toEqual([]);
    expect((await get('/api/drift/acme/tap-orders')).statusCode).toBe(404);
  });

  it('is looked at when a lead says so, and only within the organization', async () => {
    await projects.put({ ...PROJECT, org });
    const started: object[] = [];
    const machines = { start: async (...call: unknown[]) => void started.push(call) };
    const ask = (body: object) =>
      send(checkTaps({ principalOf, projects, machines, machineArn: 'arn:taps' }), {
        method: 'POST',
        path: '/api/drift/checks',
        body: JSON.stringify(body),
      });
    expect((await ask({})).statusCode).toBe(403);
    principal = { via: 'session', org, id: 'p_1', email: 'lead@acme.example', name: 'Lead', roles: ['lead'] };
    const { statusCode, body } = await ask({ repository: 'acme/tap-orders' });

    expect(statusCode).toBe(202);
    expect(started).toEqual([
      ['arn:taps', JSON.parse(body).check, { only: { org, repository: 'acme/tap-orders' } }],
    ]);
    expect((await ask({ repository: 'acme/nothing' })).statusCode).toBe(404);
    expect((await ask({ org: 'other' })).statusCode).toBe(400);
  });
});

it('shows where a ticket was answered, and why it could not be', async () => {
  const { id } = JSON.parse((await post({ title: 'Late' })).body);
  const one = (await tickets.find(org, id)) as Ticket;
  await outbox.inTurn(one, 'slack C0OPS', async () => ({ ref: '1.2', text: 'Received' }));
  await outbox.inTurn(one, 'discord 42', async () => ({ trouble: 'the channel is gone' }));
  const { answers } = (await get(`/api/tickets/${id}`)).body;

  expect(answers).toHaveLength(2);
  expect(answers).toContainEqual({ place: 'slack C0OPS', at: AT });
  expect(answers).toContainEqual({ place: 'discord 42', at: AT, trouble: 'the channel is gone' });
});
