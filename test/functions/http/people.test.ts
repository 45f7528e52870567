import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { jwtSessions } from '#adapters/session.ts';
import type { Person, Role } from '#core/people/person.ts';
import { keyRoutes } from '#functions/http/keys.ts';
import { peopleRoutes } from '#functions/http/people.ts';
import type { Route } from '#functions/http.ts';
import { principals } from '#functions/principal.ts';
import { handClock, NOW, SECRET, URL_ } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { organization, people } from '../../support/organization.ts';
import { send } from '../../support/request.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const clock = handClock();
beforeEach(() => clock.set(NOW));
const sessions = jwtSessions(SECRET, clock);
const principalOf = principals({ people, sessions, clock, publicUrl: URL_ });
const needs = { people, principalOf, clock };

/** Olga is the admin; the others are leads. */
async function team() {
  const made = await organization([]);
  await people.change(made.org, made.olga.id, { roles: ['admin'] });
  return made;
}

async function call(
  route: Route,
  who: Person | string,
  { method = 'POST', id = '', body = {} as object } = {},
) {
  const token =
    typeof who === 'string' ? who : (await sessions.issue({ org: who.org, personId: who.id })).token;
  const headers = { authorization: `Bearer ${token}` };
  const answer = await send(route, {
    method,
    path: '/',
    ...(id && { id }),
    headers,
    body: JSON.stringify(body),
  });
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
}

const onPeople = (who: Person | string, given: object) => call(peopleRoutes(needs), who, given);
const onKeys = (who: Person | string, given: object) => call(keyRoutes(needs), who, given);

describe('people', () => {
  it('are added by an admin, change at once, and are told apart by address without case', async () => {
    const { org, olga } = await team();
    const added = await onPeople(olga, { body: { email: 'New@x.example', roles: ['viewer'] } });
    const again = await onPeople(olga, { body: { email: 'new@X.example', roles: ['viewer'] } });
    const { id } = added.body.person;
    const changed = await onPeople(olga, {
      method: 'PATCH',
      id,
      body: { roles: ['approver'], groups: ['finance'] },
    });

    expect([added.status, again.status, changed.status]).toEqual([201, 409, 200]);
    expect(await people.find(org, id)).toMatchObject({
      email: 'new@x.example',
      roles: ['approver'],
      groups: ['finance'],
    });
  });

  it.each<Role>(['viewer', 'lead', 'approver'])('are not added by a %s', async (role) => {
    const { org, lea } = await team();
    await people.change(org, lea.id, { roles: [role] });

    expect(await onPeople(lea, { body: { email: 'new@x.example', roles: ['admin'] } })).toMatchObject({
      status: 403,
    });
  });

  it('who are removed sign in no more, are not listed, and their keys end; they can come back', async () => {
    const { org, olga, lea } = await team();
    const { body } = await onKeys(lea, { body: { name: 'k', scopes: ['issues:read'] } });
    expect(await onPeople(olga, { method: 'DELETE', id: lea.id })).toMatchObject({ status: 200 });

    expect(await onPeople(lea, { method: 'PUT', body: { until: null } })).toMatchObject({ status: 401 });
    expect(await onKeys(body.key, { body: {} })).toMatchObject({ status: 401 });
    expect((await people.list(org)).map(({ id }) => id)).not.toContain(lea.id);
    expect(await people.findByEmail(lea.email).then((all) => all.filter((one) => one.org === org))).toEqual(
      [],
    );
    expect(await onPeople(olga, { body: { email: lea.email, roles: ['viewer'] } })).toMatchObject({
      status: 201,
    });
    expect((await people.list(org)).map(({ id }) => id)).toContain(lea.id);
  });

  it('always have an admin among them', async () => {
    const { olga } = await team();

    expect(await onPeople(olga, { method: 'PATCH', id: olga.id, body: { roles: ['viewer'] } })).toMatchObject(
      { status: 409 },
    );
    expect(await onPeople(olga, { method: 'DELETE', id: olga.id })).toMatchObject({ status: 403 });
  });

  it.each([
    [{ email: 'nobody', roles: ['viewer'] }, 'email'],
    [{ email: 'a@x.example', roles: [] }, 'roles'],
    [{ email: 'a@x.example', roles: ['god'] }, 'roles'],
    [{ email: 'a@x.example', roles: ['viewer'], groups: ['Not A Group'] }, 'groups'],
    [{ email: 'a@x.example', roles: ['viewer'], org: 'other' }, 'org'],
  ])('are refused as %j, naming the field', async (body, field) => {
    const { olga } = await team();
    const answer = await onPeople(olga, { body });

    expect(answer.status).toBe(400);
    expect(answer.body.message).toContain(field);
  });

  it('say for themselves that they are away, and from now on', async () => {
    const { org, lea } = await team();
    const until = new Date(NOW.getTime() + 86_400_000).toISOString();
    expect(await onPeople(lea, { method: 'PUT', body: { until } })).toMatchObject({ status: 200 });
    expect(await people.find(org, lea.id)).toMatchObject({ awayUntil: until });
    expect(await onPeople(lea, { method: 'PUT', body: { until: null } })).toMatchObject({ status: 200 });
    expect((await people.find(org, lea.id))?.awayUntil).toBeUndefined();
    expect(await onPeople(lea, { method: 'PUT', body: { until: NOW.toISOString() } })).toMatchObject({
      status: 400,
    });
  });

  it('of another organization are not found', async () => {
    const [one, other] = [await team(), await team()];

    expect(
      await onPeople(one.olga, { method: 'PATCH', id: other.lea.id, body: { roles: ['admin'] } }),
    ).toMatchObject({ status: 404 });
  });
});

describe('keys', () => {
  it('are shown once, act in their maker’s name, and end when they are revoked or when it is time', async () => {
    const { org, lea, olga } = await team();
    const made = await onKeys(lea, { body: { name: 'agent', scopes: ['actions:propose'], days: 2 } });
    const asKey = () =>
      principalOf({ headers: { authorization: `Bearer ${made.body.key}` }, cookies: {} } as never);

    expect(made).toMatchObject({ status: 201, body: { owner: lea.id, scopes: ['actions:propose'] } });
    expect(await asKey()).toMatchObject({ via: 'key', org, id: lea.id });
    expect(await people.keys(org, clock.now())).toMatchObject([{ name: 'agent' }]);
    expect(await onKeys(made.body.key, { body: { name: 'child', scopes: ['issues:read'] } })).toMatchObject({
      status: 403,
    });
    expect(await onKeys(olga, { method: 'DELETE', id: made.body.id })).toMatchObject({ status: 200 });
    await expect(asKey()).rejects.toMatchObject({ code: 'Unauthorized' });
    expect(await people.keys(org, clock.now())).toEqual([]);
  });

  it('of somebody else are ended by an admin only, and of another organization by nobody', async () => {
    const { lea, leo } = await team();
    const stranger = await team();
    const { body } = await onKeys(lea, { body: { name: 'agent', scopes: ['actions:propose'] } });

    expect(await onKeys(leo, { method: 'DELETE', id: body.id })).toMatchObject({ status: 403 });
    expect(await onKeys(stranger.olga, { method: 'DELETE', id: body.id })).toMatchObject({ status: 404 });
  });

  it('rotate: the new one is shown once, the old one goes on for a while, and only its owner may', async () => {
    const { lea, olga, org } = await team();
    const { body: old } = await onKeys(lea, { body: { name: 'erp', scopes: ['issues:write'], days: 10 } });
    const { status, body } = await onKeys(lea, { id: old.id, body: { overlapHours: 2 } });
    const opens = (key: string) =>
      principalOf({ headers: { authorization: `Bearer ${key}` }, cookies: {} } as never).then(
        ({ via }) => via,
        ({ code }) => code,
      );

    expect(status).toBe(201);
    expect(body).toMatchObject({ name: 'erp', scopes: ['issues:write'], replaces: { id: old.id } });
    expect([await opens(old.key), await opens(body.key)]).toEqual(['key', 'key']);
    expect(await onKeys(olga, { id: old.id })).toMatchObject({ status: 403 });
    expect(await onKeys(lea, { id: '0000000000000000' })).toMatchObject({ status: 404 });
    clock.set(new Date(NOW.getTime() + 2 * 3_600_000));
    expect([await opens(old.key), await opens(body.key)]).toEqual(['Unauthorized', 'key']);
    expect(await people.keys(org, clock.now())).toMatchObject([{ id: body.id }]);
    expect(await onKeys(lea, { id: old.id })).toMatchObject({ status: 409 });
  });
});
