import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoChecks } from '#adapters/dynamodb/checks.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import type { Role } from '#core/people/person.ts';
import { keyOf, type Seen } from '#core/taps/check.ts';
import { shapeOf } from '#core/taps/shape.ts';
import { acceptDrift } from '#functions/accept-drift.ts';
import { recordCheck } from '#functions/task/record-check.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { send } from '../../support/request.ts';
import { PROJECT } from '../../support/tickets.ts';

const NAME = 'acme/tap-orders';
const COMMIT = 'a'.repeat(40);

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const tickets = dynamoTickets('Tickets', 'Deliveries');
const projects = dynamoProjects('Projects');
const checks = dynamoChecks('Checks');
const artifacts = s3Artifacts('artifacts');
let weeks = 0;
const clock = { now: () => new Date(Date.parse('2026-11-02T05:00:00Z') + weeks * 7 * 86_400_000) };
const record = recordCheck({ artifacts, tickets, projects, checks, clock });

let org = '';
let count = 0;
beforeEach(async () => {
  count += 1;
  weeks = 0;
  org = `accepting-${count}`;
  await projects.put({ ...PROJECT, org });
});

type Streams = Record<string, Record<string, object>>;

const tap = () => ({ org, projectId: PROJECT.id, repository: NAME });

/** What a tap's container writes. */
async function look(streams: Streams, more: Partial<Seen> = {}) {
  const shape = shapeOf({
    streams: Object.entries(streams).map(([name, properties]) => ({
      tap_stream_id: name,
      schema: { properties },
    })),
  });
  const text = JSON.stringify({ commit: COMMIT, shape, ...more });
  await artifacts.put(keyOf.discovered(tap(), COMMIT), text, 'application/json');
}

/** The next week's check. */
async function check(
  streams: Streams,
  { isSecond = false, ...more }: Partial<Seen> & { isSecond?: boolean } = {},
) {
  if (!isSecond) weeks += 1;
  await look(streams, more);
  const looked = { state: 'discovered' as const, commit: COMMIT };
  return record({ ...tap(), check: `w${weeks}`, began: clock.now().toISOString(), isSecond, looked });
}

async function accept(body: object, { role = 'lead' as Role, of = org } = {}) {
  const who = { via: 'session' as const, org: of, id: 'p_1', email: 'dana@acme.example', name: 'Dana' };
  const principalOf = async () => ({ ...who, roles: [role] });
  const route = acceptDrift({ principalOf, projects, checks, tickets, artifacts, clock });
  const answer = await send(route, {
    ...{ method: 'POST', path: `/api/drift/${NAME}/accept`, body: JSON.stringify(body) },
  });
  return { statusCode: answer.statusCode, body: JSON.parse(answer.body) };
}

const text = { orders: { total: { type: 'string' } } };
const number = { orders: { total: { type: 'integer' } } };
const baseline = async () => JSON.parse(await artifacts.text(keyOf.baseline(tap())));

async function drifted(): Promise<string> {
  await check(text);
  const { ticketId = '' } = await check(number);
  return ticketId;
}

describe('POST /api/drift/{owner}/{name}/accept', () => {
  it('makes what was seen the baseline, closes the ticket and says who and why; the next check is clean', async () => {
    const id = await drifted();
    const answer = await accept({ check: 'w2', reason: 'the ledger wants integers' });

    const accepted = { by: 'Dana', at: clock.now().toISOString(), reason: 'the ledger wants integers' };
    expect(answer).toMatchObject({ statusCode: 200, body: { check: { check: 'w2', accepted } } });
    expect(await tickets.find(org, id)).toMatchObject({
      status: 'cancelled',
      reason: 'Dana accepted the drift as the new baseline: the ledger wants integers',
    });
    expect(await check(number)).toEqual({ state: 'same' });
    const [last, before] = await checks.history(org, NAME, 9);
    expect(last).toMatchObject({ state: 'same', changes: [] });
    expect(before).toMatchObject({ check: 'w2', state: 'drift', accepted });
    expect((await check(text)).state).toBe('drift');
  });

  it('may be said twice, even weeks later; the first who said it did', async () => {
    await drifted();
    const [first] = [await accept({ check: 'w2', reason: 'wanted' }), await check(number)];
    const kept = await baseline();

    expect(await accept({ check: 'w2', reason: 'again' })).toEqual(first);
    expect(await baseline()).toEqual(kept);
  });

  it('ends what it began, if it broke off in between', async () => {
    const id = await drifted();
    const [found] = await checks.history(org, NAME, 1);
    if (found) await checks.accept(found, { by: 'Ben', at: clock.now().toISOString() });

    expect((await accept({ check: 'w2' })).body.check.accepted.by).toBe('Ben');
    expect((await tickets.find(org, id))?.status).toBe('cancelled');
    expect(await check(number)).toEqual({ state: 'same' });
  });

  it('closes a ticket whose pull request waits for review', async () => {
    const id = await drifted();
    await tickets.advance(org, id, ['received'], { status: 'in_review' });
    await accept({ check: 'w2' });

    expect((await tickets.find(org, id))?.status).toBe('closed');
  });

  it('takes a drift whose ticket was declined, which no merge will ever settle', async () => {
    const id = await drifted();
    await tickets.advance(org, id, ['received'], { status: 'declined', reason: 'no' });
    expect((await check(number)).state).toBe('drift');
    await accept({ check: 'w3' });

    expect(await check(number)).toEqual({ state: 'same' });
    expect((await tickets.find(org, id))?.reason).toBe('no');
  });

  it('takes streams that were renamed, and what only records show', async () => {
    const fields = Object.fromEntries(
      ['id', 'name', 'total', 'note'].map((name) => [name, { type: 'string' }]),
    );
    const stream = { records: 20, filled: ['id'], undeclared: [], wrong: [] };
    await check({ orders: fields }, { sampled: { orders: stream } });
    const wrong = [{ path: 'id', text: '1 is no string' }];
    const sampled = { sales: { ...stream, undeclared: ['extra'], wrong } };
    await check({ sales: fields }, { sampled });
    await check({ sales: fields }, { sampled, isSecond: true });
    expect((await checks.history(org, NAME, 1))[0]?.changes.map(({ rule }) => rule).sort()).toEqual([
      'RECORD_TYPE_VIOLATION',
      'STREAM_RENAMED',
      'UNDECLARED_FIELD_SEEN',
    ]);
    expect((await accept({ check: 'w2' })).statusCode).toBe(200);

    expect(await check({ sales: fields }, { sampled })).toEqual({ state: 'same' });
    const more = { sales: { ...sampled.sales, undeclared: ['extra', 'other'] } };
    expect((await check({ sales: fields }, { sampled: more })).state).toBe('drift');
  });

  it('accepts nothing unseen: neither by a newer check, nor by a look that is on its way', async () => {
    const id = await drifted();
    await look({ orders: { total: { type: 'boolean' } } });
    expect(await accept({ check: 'w2' })).toMatchObject({ statusCode: 409 });
    await check({ orders: { total: { type: 'boolean' } } });

    expect(await accept({ check: 'w2' })).toMatchObject({
      statusCode: 409,
      body: { message: expect.stringContaining('Check w3 is newer than w2') },
    });
    expect((await tickets.find(org, id))?.status).toBe('received');
    expect((await baseline()).past).toHaveLength(1);
  });

  it('is refused for what is no drift: inconclusive, unconfirmed, the same', async () => {
    await check(text);
    expect((await accept({ check: 'w1' })).body.message).toContain('saw no drift');
    await check({});
    expect((await accept({ check: 'w2' })).body.message).toContain('not confirmed yet');
    const looked = { state: 'inconclusive' as const, reason: 'no network' };
    const began = '2026-11-29T05:00:00.000Z';
    await record({ ...tap(), check: 'w3', began, isSecond: false, looked });

    expect(await accept({ check: 'w3' })).toMatchObject({
      statusCode: 409,
      body: { message: expect.stringMatching(/inconclusive.*no network/) },
    });
  });

  it("is a lead's, and only within the organization", async () => {
    await drifted();

    expect((await accept({ check: 'w2' }, { role: 'viewer' })).statusCode).toBe(403);
    expect((await accept({ check: 'w2' }, { of: 'another' })).statusCode).toBe(404);
    expect((await accept({ check: 'w9' })).statusCode).toBe(404);
    expect((await accept({})).statusCode).toBe(400);
    expect((await baseline()).past).toHaveLength(1);
  });
});
