import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoLikeness } from '#adapters/dynamodb/likeness.ts';
import { dynamoMerges } from '#adapters/dynamodb/merges.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { dynamoLessons } from '#adapters/dynamodb/triage.ts';
import type { Principal } from '#core/people/principal.ts';
import { byRules } from '#core/triage/classify.ts';
import { embedded } from '#core/triage/embedded.ts';
import { findSimilar } from '#core/triage/find-similar.ts';
import { triageRoutes } from '#functions/http/triage.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { send } from '../../support/request.ts';
import { AT, delivery, PROJECT, ticket } from '../../support/tickets.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const tickets = dynamoTickets('Tickets', 'Deliveries');
const projects = dynamoProjects('Projects');
const lessons = dynamoLessons('Triage', 'Tickets', tickets.find);
const merges = dynamoMerges('Tickets');
const queue = dynamoQueue('Queue');
const likeness = dynamoLikeness('Triage');

let org = '';
let count = 0;
let principal: Principal;
let now = new Date(AT);
beforeEach(async () => {
  count += 1;
  org = `triage-${count}`;
  now = new Date(AT);
  principal = {
    ...{ via: 'session', org, id: 'p_1', email: 'dana@acme.example', name: 'Dana' },
    roles: ['lead'],
  };
  await projects.put({ ...PROJECT, org });
});

async function ask(path: string, body?: object) {
  now = new Date(now.getTime() + 1_000);
  const clock = { now: () => now };
  const route = triageRoutes({
    tickets,
    projects,
    lessons,
    merges,
    queue,
    clock,
    principalOf: async () => principal,
  });
  const [, , , id] = path.split('/');
  const method = body ? 'POST' : 'GET';
  const answer = await send(route, { method, path, id, ...(body && { body: JSON.stringify(body) }) });
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
}

/** A ticket as triage leaves it. */
async function triaged(externalId: string, change: Parameters<typeof ticket>[0] = {}) {
  const given = ticket({ org, externalId, type: 'bug', ...change });
  await tickets.accept(given, delivery({ org, id: externalId, text: externalId }));
  const classification = byRules(given, { projects: [PROJECT], classifier: embedded() });
  return (await tickets.advance(org, given.id, ['received'], { status: 'escalated', classification })).ticket;
}

describe('a correction', () => {
  it.each(['awaiting_approval', 'implementing', 'in_review'] as const)(
    'of the module is refused while work on another is %s, and of the priority is not',
    async (status) => {
      const { id } = await triaged(`ETL-${status}`);
      await tickets.advance(org, id, ['escalated'], { status });
      const path = `/api/tickets/${id}/corrections`;

      expect(await ask(path, { module: 'ledger' })).toMatchObject({
        status: 409,
        body: { message: expect.stringContaining('work on acme/tap-orders is under way') },
      });
      expect(await ask(path, { module: 'orders', priority: 'low' })).toMatchObject({ status: 200 });
    },
  );

  it('changes the ticket, says who and what, and is kept to learn from', async () => {
    const { id } = await triaged('ETL-1', { labels: ['Billing'] });
    const { status, body } = await ask(`/api/tickets/${id}/corrections`, {
      type: 'question',
      module: 'ledger',
    });

    expect(status).toBe(200);
    expect(body.ticket.classification).toMatchObject({
      type: 'question',
      role: 'lead',
      repository: 'acme/target-ledger',
      by: 'person',
      reason: expect.stringMatching(
        /^Dana said so: type question, not bug; repository acme\/target-ledger, not/,
      ),
    });
    expect(await lessons.corrections(org, 10)).toMatchObject([
      {
        ticketId: id,
        by: 'p_1',
        before: { type: 'bug', repository: 'acme/tap-orders' },
        after: { type: 'question' },
        words: ['tap-orders', 'billing'],
      },
    ]);
  });

  it('of the priority moves a ticket that waits', async () => {
    const { id } = await triaged('ETL-1');
    await tickets.advance(org, id, ['escalated'], { status: 'diagnosing', runId: 'run_1' });
    const arrival = { org, runId: 'run_1', ticketId: id, executionArn: 'x', kind: 'start' as const };
    await queue.join({ ...arrival, priority: 'low', arrivedAt: AT }, { grant: 0, token: 't', at: AT });
    const { body } = await ask(`/api/tickets/${id}/corrections`, { priority: 'critical' });

    expect(body.ticket).toMatchObject({ priority: 'critical', classification: { priority: 'critical' } });
    expect(await queue.find(org, 'run_1')).toMatchObject({ priority: 'critical', state: 'waiting' });
  });

  it('of the priority or the module leaves an unsure type as unsure as it was', async () => {
    const { id } = await triaged('ETL-1', { type: undefined, title: 'Please look', body: '', concerns: [] });
    const path = `/api/tickets/${id}/corrections`;
    const unsure = { by: 'none', confidence: 0, reason: expect.stringContaining('type unknown') };

    expect((await ask(path, { priority: 'low' })).body.ticket.classification).toMatchObject(unsure);
    const { body } = await ask(path, { module: 'ledger' });
    expect(body.ticket.classification).toMatchObject({
      ...unsure,
      repository: 'acme/target-ledger',
      isPlaced: true,
    });
    expect(body.ticket.classification.reason).not.toContain('repository unknown');
    expect((await ask(path, { type: 'bug' })).body.ticket.classification).toMatchObject({
      ...{ by: 'person', confidence: 1, repository: 'acme/target-ledger', priority: 'low' },
    });
  });

  it('of the module settles a ticket whose type is known', async () => {
    const { id } = await triaged('ETL-1', { title: 'Please look', body: '', concerns: [] });
    const { body } = await ask(`/api/tickets/${id}/corrections`, { module: 'ledger' });

    expect(body.ticket.classification).toMatchObject({ type: 'bug', by: 'person', confidence: 1 });
  });

  it('of a ticket that changed meanwhile is refused, and teaches nothing', async () => {
    const given = await triaged('ETL-1');
    const stale = { ...tickets, find: async () => given };
    await ask(`/api/tickets/${given.id}/corrections`, { type: 'feature' });
    const clock = { now: () => new Date('2026-11-21T00:00:00Z') };
    const route = triageRoutes({
      tickets: stale,
      projects,
      lessons,
      merges,
      queue,
      clock,
      principalOf: async () => principal,
    });
    const path = `/api/tickets/${given.id}/corrections`;

    const answer = await send(route, { method: 'POST', path, id: given.id, body: '{"type":"task"}' });
    expect(answer.statusCode).toBe(409);
    expect(await lessons.corrections(org, 10)).toHaveLength(1);
  });

  it.each([
    [{}, 'Say what is to be corrected'],
    [{ type: 'bugg' }, 'type'],
    [{ module: 'nowhere' }, 'names no repository'],
    [{ status: 'merged' }, 'status'],
  ])('%o is refused with what is wrong', async (wish, said) => {
    const { id } = await triaged('ETL-1');
    const { status, body } = await ask(`/api/tickets/${id}/corrections`, wish);

    expect(status).toBe(400);
    expect(body.message).toContain(said);
  });

  it('is for leads, of their own organization', async () => {
    const { id } = await triaged('ETL-1');
    const path = `/api/tickets/${id}/corrections`;
    const lead = principal;
    principal = { ...lead, roles: ['approver'] } as Principal;
    expect(await ask(path, { type: 'bug' })).toMatchObject({ status: 403 });
    principal = { ...lead, org: 'other' } as Principal;
    expect(await ask(path, { type: 'bug' })).toMatchObject({ status: 404 });
  });
});

describe('a training', () => {
  it('with few corrections leaves the classifier alone, says so, and still learns what words mean', async () => {
    for (const name of ['ETL-1', 'ETL-2']) {
      const { id } = await triaged(name, { labels: ['Billing'], concerns: [] });
      await ask(`/api/tickets/${id}/corrections`, { module: 'ledger' });
    }
    const { body } = await ask('/api/triage/train', {});

    expect(body).toMatchObject({ version: 1, labels: 0, refused: [expect.stringContaining('0 of the 30')] });
    const habits = (await lessons.learned(org))?.habits;
    expect(habits).toEqual({ billing: { repository: 'acme/target-ledger' } });
    expect((await ask('/api/triage')).body).toMatchObject({ corrections: 2, learned: { version: 1 } });
  });

  it('is never overwritten by one that began before it', async () => {
    await ask('/api/triage/train', {});
    const learned = await lessons.learned(org);

    expect(learned && (await lessons.ship(org, learned))).toBe(false);
  });
});

describe('a merge', () => {
  it('ends one as a duplicate of the other, and keeps both', async () => {
    const [one, two] = [await triaged('ETL-1'), await triaged('ETL-2')];
    const { body } = await ask(`/api/tickets/${one.id}/merge`, { into: two.id });

    expect(body.ticket).toMatchObject({
      ...{ duplicateOf: two.id, status: 'cancelled', title: one.title },
      reason: `Dana merged it into ETL-2 (${two.id}): it says the same`,
    });
    expect(await tickets.find(org, two.id)).toEqual(two);
  });

  it('never goes in a circle, not even when both are asked at once', async () => {
    const [one, two] = [await triaged('ETL-1'), await triaged('ETL-2')];
    const both = await Promise.all([
      ask(`/api/tickets/${one.id}/merge`, { into: two.id }),
      ask(`/api/tickets/${two.id}/merge`, { into: one.id }),
    ]);
    const after = await Promise.all([one, two].map(({ id }) => tickets.find(org, id)));

    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(after.filter((found) => found?.duplicateOf)).toHaveLength(1);
  });

  it('leaves what was merged into the code as it is, and refuses what is in review', async () => {
    const [one, two, three] = [await triaged('ETL-1'), await triaged('ETL-2'), await triaged('ETL-3')];
    await tickets.advance(org, one.id, ['escalated'], { status: 'merged' });
    await tickets.advance(org, two.id, ['escalated'], { status: 'in_review' });

    const { body } = await ask(`/api/tickets/${one.id}/merge`, { into: three.id });
    expect(body.ticket).toMatchObject({ status: 'merged', duplicateOf: three.id });
    expect(await ask(`/api/tickets/${two.id}/merge`, { into: three.id })).toMatchObject({ status: 409 });
    expect(await ask(`/api/tickets/${three.id}/merge`, { into: three.id })).toMatchObject({ status: 400 });
    expect(await ask(`/api/tickets/${three.id}/merge`, { into: 'tk_no' })).toMatchObject({ status: 404 });
  });
});

describe('likeness', () => {
  const body = 'It ends with\nKeyError: "cursor"\nevery night.';

  it('links both ways by error, however different the words and however old, and within the organization', async () => {
    const [one, two] = [
      await triaged('ETL-1', { body }),
      await triaged('ETL-2', { title: 'Nightly sync', body }),
    ];
    await findSimilar({ ...one, createdAt: '2020-01-01T00:00:00.000Z' }, likeness);
    await findSimilar({ ...two, org: 'another' }, likeness);
    for (const _ of [1, 2]) await findSimilar(two, likeness);

    expect(await likeness.links(org, two.id)).toMatchObject([{ ticketId: one.id, by: 'error' }]);
    expect(await likeness.links(org, one.id)).toMatchObject([
      { ticketId: two.id, reason: expect.stringContaining('KeyError') },
    ]);
    expect(await likeness.links('another', two.id)).toEqual([]);
  });

  it('of two that come at once, at least one finds the other', async () => {
    const pair = [await triaged('ETL-1', { body }), await triaged('ETL-2', { body })];
    await Promise.all(pair.map((one) => findSimilar(one, likeness)));

    expect(await likeness.links(org, pair[0]?.id ?? '')).toHaveLength(1);
  });
});
