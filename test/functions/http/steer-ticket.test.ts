import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import type { Role } from '#core/people/person.ts';
import { steerTicket } from '#functions/http/steer-ticket.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { send } from '../../support/request.ts';
import { AT, classification, delivery, diagnosis, run, ticket } from '../../support/tickets.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const tickets = dynamoTickets('Tickets', 'Deliveries');
const runs = dynamoRuns('Runs');
const queue = dynamoQueue('Queue');
let later = 0;
const clock = { now: () => new Date(Date.parse(AT) + later) };
const RUN = 'run_1_1';
const pullRequest = {
  ...{ url: 'https://forge.example/acme/tap-orders/pull/7', number: 7, repository: 'acme/tap-orders' },
  ...{ branch: 'signalbox/etl-142', headSha: 'a'.repeat(40) },
};

let org = '';
let id = '';
let count = 0;
beforeEach(async () => {
  count += 1;
  later = 0;
  org = `steered-${count}`;
  id = (await tickets.accept(ticket({ org }), delivery({ org }))).ticket.id;
  await runs.open(run({ org, id: RUN, ticketId: id }));
  await tickets.advance(org, id, ['received'], { runId: RUN });
});

async function post(wish: string, body: object = {}, role: Role = 'lead') {
  const who = { via: 'session' as const, org, id: 'p_1', email: 'dana@acme.example', name: 'Dana' };
  const route = steerTicket({
    tickets,
    runs,
    queue,
    clock,
    principalOf: async () => ({ ...who, roles: [role] }),
  });
  const sent = { method: 'POST', path: `/api/tickets/${id}/${wish}`, body: JSON.stringify(body) };
  const answer = await send(route, sent);
  return { statusCode: answer.statusCode, body: JSON.parse(answer.body) };
}

const end = (status: 'failed' | 'merged' | 'escalated', more: object = {}) =>
  tickets.advance(org, id, ['received'], { status, ...more });

describe('POST /api/tickets/{id}/priority', () => {
  it('is what triage goes by, and moves a ticket that waits', async () => {
    const arrival = { org, runId: RUN, ticketId: id, executionArn: 'x', kind: 'start' as const };
    await queue.join({ ...arrival, priority: 'low', arrivedAt: AT }, { grant: 0, token: 't', at: AT });

    expect(await post('priority', { priority: 'critical' })).toMatchObject({
      statusCode: 200,
      body: { ticket: { id, priority: 'critical', status: 'received' } },
    });
    expect(await queue.find(org, RUN)).toMatchObject({ priority: 'critical', state: 'waiting' });
  });

  it('is refused when it is none, or nobody works on the ticket any more', async () => {
    expect(await post('priority', { priority: 'asap' })).toMatchObject({ statusCode: 400 });
    await end('merged');

    expect(await post('priority', { priority: 'low' })).toMatchObject({ statusCode: 409 });
  });

  it('is refused with what to do first when the ticket came to nothing', async () => {
    await end('escalated');
    const { statusCode, body } = await post('priority', { priority: 'low' });

    expect(statusCode).toBe(409);
    expect(body.message).toContain('have it tried again first');
  });
});

describe('POST /api/tickets/{id}/cancel', () => {
  it('ends it, says by whom, and may be said twice', async () => {
    for (const _ of [1, 2])
      expect(await post('cancel')).toMatchObject({
        statusCode: 200,
        body: { ticket: { status: 'cancelled', reason: 'Dana cancelled it' } },
      });
  });

  it.each(['escalated', 'failed'] as const)('ends one that has %s, and keeps why it had', async (status) => {
    await end(status, { reason: 'Its tests fail' });

    for (const _ of [1, 2])
      expect(await post('cancel')).toMatchObject({
        statusCode: 200,
        body: {
          ticket: {
            status: 'cancelled',
            reason: `Dana cancelled it. It was ${status} before: Its tests fail`,
          },
        },
      });
  });

  it('leaves one whose pull request may be open to the forge, and says so', async () => {
    await end('escalated', { pullRequest });
    const { statusCode, body } = await post('cancel');

    expect(statusCode).toBe(409);
    expect(body.message).toContain(pullRequest.url);
  });

  it('is too late for a ticket that has ended', async () => {
    await end('merged');

    expect(await post('cancel')).toMatchObject({ statusCode: 409 });
  });
});

describe('POST /api/tickets/{id}/retry', () => {
  it('receives a ticket again that came to nothing, once the run that it had is over', async () => {
    await end('failed', { reason: 'no', updatedAt: AT });
    expect(await post('retry')).toMatchObject({ statusCode: 409 });
    later = 600_000;

    expect(await post('retry')).toMatchObject({ statusCode: 200, body: { ticket: { status: 'received' } } });
    expect(await tickets.find(org, id)).not.toHaveProperty('reason');
    expect(await runs.find(org, RUN)).toMatchObject({ status: 'failed', stage: 'done' });
  });

  it('has it understood from the beginning, but for what a person said of it', async () => {
    for (const by of ['model', 'person'] as const) {
      await end('escalated', { runId: undefined, diagnosis, classification: { ...classification, by } });
      await post('retry');
      const { diagnosis: cause, classification: kept } = (await tickets.find(org, id)) ?? {};

      expect({ cause, by: kept?.by }).toEqual({ cause: undefined, by: by === 'person' ? by : undefined });
    }
  });

  it('keeps the repository that a person named, though nobody is sure of the type', async () => {
    const placed = { ...classification, by: 'none', isPlaced: true } as const;
    await end('escalated', { runId: undefined, classification: placed });
    await post('retry');

    expect((await tickets.find(org, id))?.classification).toEqual(placed);
  });

  it.each([
    ['an open one', 'received', {}],
    ['a merged one', 'merged', {}],
    ['a duplicate', 'failed', { duplicateOf: 'tk_2' }],
  ] as const)('is refused for %s', async (_, status, more) => {
    if (status !== 'received') await end(status, more);

    expect(await post('retry')).toMatchObject({ statusCode: 409 });
  });
});

it('is for leads alone', async () => {
  for (const wish of ['priority', 'cancel', 'retry'])
    expect(await post(wish, { priority: 'low' }, 'viewer')).toMatchObject({ statusCode: 403 });
});
