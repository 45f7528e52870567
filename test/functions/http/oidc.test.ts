import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { openId, provenAddress } from '#adapters/oidc.ts';
import { oidcCookie } from '#adapters/oidc-cookie.ts';
import { jwtSessions } from '#adapters/session.ts';
import { oidcSignIn } from '#functions/http/oidc.ts';
import { SECRET, URL_ } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { jar, send } from '../../support/request.ts';

const clock = { now: () => new Date() };
const { publicKey, privateKey } = await generateKeyPair('RS256');
/** What the issuer says of whoever signs in, and what its browser was sent with. */
const issuing = { claims: {} as Record<string, unknown>, nonce: '', verifiers: [] as string[] };

let aws: LocalAws;
let issuer: Server;
let url: string;
beforeAll(async () => {
  aws = await localAws();
  issuer = createServer((request, response) => {
    answer(request.url ?? '', request)
      .then((body) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)))
      .catch((error) => response.destroy(error));
  });
  await new Promise<void>((resolve) => {
    issuer.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
});
afterAll(async () => {
  issuer.close();
  await aws.stop();
});

async function answer(path: string, request: Readable): Promise<object> {
  if (path === '/keys') return { keys: [{ ...(await exportJWK(publicKey)), kid: '1', alg: 'RS256' }] };
  if (path !== '/token') {
    const endpoints = { authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token` };
    return { issuer: url, ...endpoints, jwks_uri: `${url}/keys`, response_types_supported: ['code'] };
  }
  const sent = new URLSearchParams((await request.toArray()).join(''));
  issuing.verifiers.push(sent.get('code_verifier') ?? '');
  const token = await new SignJWT({ nonce: issuing.nonce, ...issuing.claims })
    .setProtectedHeader({ alg: 'RS256', kid: '1' })
    .setIssuer(url)
    .setAudience('signalbox')
    .setSubject('somebody')
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(privateKey);
  return { access_token: 'access', token_type: 'bearer', expires_in: 300, id_token: token };
}

async function door() {
  const redirectUri = `${URL_}/auth/callback`;
  return oidcSignIn({
    oidc: await openId(
      { issuer: url, clientId: 'signalbox', clientSecret: 'hush', redirectUri },
      provenAddress,
    ),
    cookie: oidcCookie(SECRET, clock),
    people: dynamoPeople('People'),
    sessions: jwtSessions(SECRET, clock),
    clock,
    first: { email: 'admin@acme.example', org: 'acme' },
    publicUrl: URL_,
  });
}

/** Goes to the issuer and comes back, as a browser would. */
async function signIn(claims: object, change: { state?: string; nonce?: string; forget?: boolean } = {}) {
  const route = await door();
  const begun = await send(route, { path: '/auth/oidc' });
  const to = new URL(begun.headers.location ?? '');
  issuing.claims = claims as Record<string, unknown>;
  issuing.nonce = change.nonce ?? to.searchParams.get('nonce') ?? '';
  const query = { code: 'a-code', state: change.state ?? to.searchParams.get('state') ?? '' };
  const cookies = change.forget ? {} : jar(begun);
  return { to, answer: await send(route, { path: '/auth/callback', query, cookies }) };
}

const ADMIN = { email: 'admin@acme.example', email_verified: true, name: 'Ada Min' };

describe('sign-in by an issuer', () => {
  it('signs in whom the issuer vouches for', async () => {
    const { to, answer } = await signIn(ADMIN);

    expect(to.searchParams.get('code_challenge_method')).toBe('S256');
    expect(issuing.verifiers.at(-1)).toMatch(/^[\w.~-]{43,}$/);
    expect(answer).toMatchObject({ statusCode: 303, headers: { location: '/' } });
    expect(answer.cookies.join()).toMatch(/__Host-session=eyJ/);
    expect(jar(answer)['__Host-oidc']).toBe('');
  });

  it.each([
    ['an address that is not confirmed', { ...ADMIN, email_verified: false }, {}],
    ['no word on whether it is', { email: ADMIN.email }, {}],
    ['an address that nobody here has', { ...ADMIN, email: 'stranger@acme.example' }, {}],
    ['another state', ADMIN, { state: 'other' }],
    ['another nonce', ADMIN, { nonce: 'other' }],
    ['another browser', ADMIN, { forget: true }],
  ])('refuses %s', async (_, claims, change) => {
    const { answer } = await signIn(claims, change);

    expect(answer.statusCode).toBe(401);
    expect(answer.cookies.join()).not.toContain('__Host-session');
  });
});
