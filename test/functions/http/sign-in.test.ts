import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { signInCodes } from '#adapters/codes.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoSignIns } from '#adapters/dynamodb/sign-ins.ts';
import { jwtSessions } from '#adapters/session.ts';
import type { Notice } from '#core/notice.ts';
import { newKey } from '#core/people/key.ts';
import { personId, type Role } from '#core/people/person.ts';
import { allow } from '#core/people/principal.ts';
import { signIn } from '#functions/http/sign-in.ts';
import { principals } from '#functions/principal.ts';
import { handClock, NOW, SECRET, URL_ } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { jar, type Sent, send } from '../../support/request.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const clock = handClock();
beforeEach(() => clock.set(NOW));

const people = dynamoPeople('People');
const sessions = jwtSessions(SECRET, clock);
const codes = signInCodes(SECRET);
const first = { email: 'Admin@acme.example', org: 'acme' };
const posted: Notice[] = [];
const stored = dynamoNotices('Notices');
const notices = {
  post: async (notice: Notice) => {
    posted.push(notice);
    await stored.post(notice);
  },
};
const route = signIn({ people, sessions, codes, notices, clock, first, signIns: dynamoSignIns('People') });
const principalOf = principals({ people, sessions, clock, publicUrl: URL_ });
const whoami = async (request: Parameters<typeof principalOf>[0]) => ({
  status: 200,
  body: await principalOf(request),
});

function post(path: string, body: object, change: Partial<Sent> = {}) {
  const headers = { 'content-type': 'application/json' };
  return send(route, { method: 'POST', path, headers, body: JSON.stringify(body), ...change });
}

/** Somebody new who may sign in. */
async function somebody(roles: Role[] = ['viewer']) {
  const email = `p${randomBytes(4).toString('hex')}@acme.example`;
  const id = personId('acme', email);
  return people.admit({
    org: 'acme',
    id,
    email,
    name: 'Some Body',
    roles,
    groups: [],
    createdAt: NOW.toISOString(),
  });
}

async function codeFor(email: string): Promise<string> {
  await post('/auth/code', { email });
  const minted = posted.at(-1)?.minted;
  if (minted?.kind !== 'sign_in_code') throw new Error('no code was sent');
  return codes.codeFor(email, minted.requestId);
}

async function signedIn(email: string): Promise<Record<string, string>> {
  return jar(await post('/auth/session', { email, code: await codeFor(email) }));
}

describe('a code by mail', () => {
  it('signs in once, by a cookie that scripts cannot read', async () => {
    const { email, id } = await somebody();
    const code = await codeFor(email);
    const answer = await post('/auth/session', {
      email: email.toUpperCase(),
      code: ` ${code.toLowerCase()} `,
    });
    const me = await send(whoami, { path: '/', cookies: jar(answer) });

    expect(answer.cookies[0]).toMatch(
      /^__Host-session=.+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=43200$/,
    );
    expect(answer.body).not.toContain('eyJ');
    expect(JSON.parse(me.body)).toMatchObject({ id, org: 'acme', roles: ['viewer'] });
    expect(await post('/auth/session', { email, code })).toMatchObject({ statusCode: 401 });
  });

  it('is nowhere in what is stored', async () => {
    const { email } = await somebody();
    const code = await codeFor(email);

    expect(JSON.stringify(posted.at(-1))).not.toContain(code);
  });

  it('gives the command line its token in the body', async () => {
    const { email, id } = await somebody();
    const answer = await post('/auth/session', { email, code: await codeFor(email), client: 'cli' });
    const { token } = JSON.parse(answer.body);
    const me = await send(whoami, { path: '/', headers: { authorization: `Bearer ${token}` } });

    expect(answer.cookies).toEqual([]);
    expect(JSON.parse(me.body)).toMatchObject({ id });
  });

  it('answers strangers as it answers everybody, and sends them nothing', async () => {
    const before = posted.length;
    const { email } = await somebody();
    const answer = await post('/auth/code', { email: 'stranger@acme.example' });
    expect(posted).toHaveLength(before);
    const known = await post('/auth/code', { email });

    expect(answer.statusCode).toBe(202);
    expect(known.body.replace(email, 'X')).toBe(answer.body.replace('stranger@acme.example', 'X'));
  });

  it('takes five wrong tries, then not even the right one', async () => {
    const { email } = await somebody();
    const code = await codeFor(email);
    for (let round = 0; round < 5; round += 1) {
      expect(await post('/auth/session', { email, code: 'AAAAAAAA' })).toMatchObject({ statusCode: 401 });
    }

    expect(await post('/auth/session', { email, code })).toMatchObject({ statusCode: 401 });
  });

  it.each([
    [-1, 200],
    [0, 401],
  ])('%i s from its ten minutes answers %i', async (offset, statusCode) => {
    const { email } = await somebody();
    const code = await codeFor(email);
    clock.set(new Date(NOW.getTime() + 600_000 + offset * 1000));

    expect(await post('/auth/session', { email, code })).toMatchObject({ statusCode });
  });

  it('is sent ten times an hour at most', async () => {
    const { email } = await somebody();
    const change = { headers: { 'content-type': 'application/json' } };
    clock.set(new Date('2026-12-01T00:00:00Z'));
    const answers = [];
    for (let round = 0; round < 11; round += 1) answers.push(await post('/auth/code', { email }, change));

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([...Array(10).fill(202), 429]);
  });

  it('refuses a form that another site can send', async () => {
    const headers = { 'content-type': 'text/plain' };

    expect(await post('/auth/code', { email: 'a@b.co' }, { headers })).toMatchObject({ statusCode: 400 });
  });

  it('makes the first admin at their first sign-in, once', async () => {
    await signedIn('admin@acme.example');
    const me = await send(whoami, { path: '/', cookies: await signedIn('admin@acme.example') });

    expect(JSON.parse(me.body)).toMatchObject({ org: 'acme', email: 'admin@acme.example', roles: ['admin'] });
    expect(await people.findByEmail('admin@acme.example')).toHaveLength(1);
  });
});

describe('a session', () => {
  it('ends for every copy of it', async () => {
    const cookies = await signedIn((await somebody()).email);
    const answer = await send(route, { method: 'DELETE', path: '/auth/session', cookies });

    expect(answer).toMatchObject({ statusCode: 204 });
    expect(jar(answer)).toEqual({ '__Host-session': '' });
    expect(await send(whoami, { path: '/', cookies })).toMatchObject({ statusCode: 401 });
  });

  it.each([
    ['nothing', {}, 403],
    ['our header', { 'x-signalbox': '1' }, 200],
    ['a same-origin page', { 'sec-fetch-site': 'same-origin' }, 200],
    ['another site', { 'sec-fetch-site': 'cross-site', origin: URL_ }, 403],
    ['a sister site', { 'sec-fetch-site': 'same-site' }, 403],
    ['an old browser on our page', { origin: URL_ }, 200],
    ['an old browser elsewhere', { origin: 'https://evil.example' }, 403],
  ])('changes things for %s: %o → %i', async (_, headers, statusCode) => {
    const cookies = await signedIn((await somebody()).email);

    expect(await send(whoami, { method: 'POST', path: '/', cookies, headers })).toMatchObject({ statusCode });
  });

  it.each([
    ['nothing at all', {}],
    ['nonsense', { '__Host-session': 'x.y.z' }],
  ])('is not %s', async (_, cookies) => {
    const answer = await send(whoami, { path: '/', cookies: cookies as Record<string, string> });

    expect(answer).toMatchObject({ statusCode: 401 });
    expect(answer.body).toContain('Sign in');
  });

  it('is over after twelve hours', async () => {
    const cookies = await signedIn((await somebody()).email);
    clock.set(new Date(NOW.getTime() + 12 * 3_600_000));

    expect(await send(whoami, { path: '/', cookies })).toMatchObject({ statusCode: 401 });
  });
});

describe('an API key', () => {
  async function key(expiresAt = '2027-01-01T00:00:00.000Z') {
    const made = newKey(
      { org: 'acme', owner: 'p_anna', name: 'ci', scopes: ['issues:write'], expiresAt },
      { random: randomBytes, now: NOW },
    );
    await people.createKey(made.key);
    return made;
  }
  const by = (text: string) =>
    send(whoami, { method: 'POST', path: '/', headers: { authorization: `Bearer ${text}` } });

  it('says whose it is and what it may do, and keeps no secret', async () => {
    const { text, key: made } = await key();

    expect(JSON.parse((await by(text)).body)).toMatchObject({ via: 'key', org: 'acme', id: 'p_anna' });
    expect(JSON.stringify(await people.findKey(made.id))).not.toContain(text.split('_')[2]);
    expect(await people.findKey(made.id)).toMatchObject({ lastUsedAt: NOW.toISOString() });
  });

  it('is worthless when it is revoked, expired, or has another secret', async () => {
    const [revoked, expired, good] = [await key(), await key(NOW.toISOString()), await key()];
    await people.revokeKey(revoked.key.id, NOW.toISOString());
    const mixed = `sbx_${good.key.id}_${revoked.text.slice('sbx_'.length + 17)}`;
    const answers = await Promise.all([revoked.text, expired.text, mixed, 'sbx_x'].map(by));

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 401]);
  });
});

describe('allow', () => {
  const person = (roles: Role[]) =>
    ({ via: 'session', org: 'acme', id: 'p', email: 'a@b.co', name: 'A', roles }) as const;
  const key = { via: 'key', org: 'acme', id: 'p', keyId: 'k', scopes: ['issues:read'] } as const;

  it.each([
    [person(['admin']), 'lead', undefined, true],
    [person(['lead']), 'lead', undefined, true],
    [person(['lead']), 'viewer', undefined, true],
    [person(['lead']), 'approver', undefined, false],
    [person(['viewer']), 'lead', undefined, false],
    [key, 'viewer', 'issues:read', true],
    [key, 'viewer', 'issues:write', false],
    [key, 'viewer', undefined, false],
  ] as const)('%o as %s with %s: %s', (principal, role, scope, isAllowed) => {
    const attempt = () => allow(principal, role, scope);

    if (isAllowed) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(expect.objectContaining({ code: 'Forbidden' }));
  });
});
