import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { dynamoPreferences } from '#adapters/dynamodb/preferences.ts';
import type { Role } from '#core/people/person.ts';
import { preferencesRoutes } from '#functions/http/preferences.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { send } from '../../support/request.ts';

const preferences = dynamoPreferences('Notices');
let aws: LocalAws;
let org = '';
let count = 0;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());
beforeEach(() => {
  count += 1;
  org = `preferences-${count}`;
});

async function ask(method: 'GET' | 'PUT', path: string, body?: object, roles: Role[] = ['lead']) {
  const person = { via: 'session' as const, org, id: 'p_1', email: 'a@b.co', name: 'A', roles };
  const route = preferencesRoutes(async () => person, preferences);
  const answer = await send(route, { method, path, ...(body && { body: JSON.stringify(body) }) });
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
}

const ROOM = { channel: 'slack', to: 'C0OPS', when: ['trouble'], tickets: 'all' };
const putRooms = (rooms: object[], roles?: Role[]) =>
  ask('PUT', '/v1/preferences/rooms', { rooms, revision: 0 }, roles);

it('are mail and no rooms, until somebody says otherwise', async () => {
  expect((await ask('GET', '/v1/preferences')).body).toEqual({
    mine: { ways: {}, revision: 0 },
    rooms: { rooms: [], revision: 0 },
  });
});

it('are what was put last, once for each reading', async () => {
  const wanted = { ways: { ticket_closed: 'off' }, quietUntil: '2026-11-21T10:00:00Z', revision: 0 };
  const mine = await ask('PUT', '/v1/preferences/mine', wanted, ['viewer']);
  await putRooms([ROOM]);

  expect(mine).toMatchObject({ status: 200, body: { mine: { ...wanted, revision: 1 } } });
  expect((await ask('PUT', '/v1/preferences/mine', wanted)).status).toBe(409);
  expect((await ask('GET', '/v1/preferences')).body).toMatchObject({
    mine: mine.body.mine,
    rooms: { rooms: [ROOM], revision: 1 },
  });
});

it('of everybody are a lead’s to change', async () => {
  expect((await putRooms([ROOM], ['viewer'])).status).toBe(403);
  expect((await putRooms([ROOM], ['lead'])).status).toBe(200);
});

it.each([
  ['a kind that cannot be left', '/mine', { ways: { approval_requested: 'off' }, revision: 0 }],
  ['a way that there is not', '/mine', { ways: { ticket_closed: 'fax' }, revision: 0 }],
  ['no revision', '/mine', { ways: {} }],
  ['a channel that there is not', '/rooms', { rooms: [{ ...ROOM, channel: 'fax' }], revision: 0 }],
  ['an address that is none of its channel', '/rooms', { rooms: [{ ...ROOM, to: '#ops' }], revision: 0 }],
  ['nothing to hear of', '/rooms', { rooms: [{ ...ROOM, when: [] }], revision: 0 }],
  ['one room twice', '/rooms', { rooms: [ROOM, { ...ROOM, tickets: 'homeless' }], revision: 0 }],
])('refuses %s', async (_, path, body) => {
  expect((await ask('PUT', `/v1/preferences${path}`, body)).status).toBe(400);
});
