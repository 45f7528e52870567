import { createHash, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { jwtSessions, SESSION_COOKIE } from '#adapters/session.ts';
import { Fault } from '#core/fault.ts';
import { isLive, keyParts } from '#core/people/key.ts';
import type { People, Sessions } from '#core/people/ports.ts';
import type { Principal } from '#core/people/principal.ts';
import type { Clock } from '#core/ports.ts';
import type { Request } from './http.ts';

/** What a function needs to know who is asking; extend it with the function's own. */
export const PrincipalEnv = z.object({
  PEOPLE_TABLE: z.string(),
  SESSION_SECRET_ARN: z.string(),
  PUBLIC_URL: z.url(),
});
export type PrincipalEnv = z.infer<typeof PrincipalEnv>;

/** Who sent a request. Throws `Unauthorized` saying what to do, `Forbidden` for a change that another site caused. */
export type PrincipalOf = (request: Request) => Promise<Principal>;

interface Dependencies {
  people: People;
  sessions: Sessions;
  clock: Clock;
  publicUrl: string;
}

const SIGN_IN = 'Sign in at /, or send an API key as "Authorization: Bearer sbx_…"';
const SAFE_METHODS = ['GET', 'HEAD'];

/** Reads an API key or session from `Authorization: Bearer`, else the session cookie. */
export function principals(dependencies: Dependencies): PrincipalOf {
  return async (request) => {
    const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer?.startsWith('sbx_')) return byKey(bearer, dependencies);
    if (bearer) return bySession(bearer, dependencies);
    const cookie = request.cookies[SESSION_COOKIE];
    if (!cookie) throw new Fault('Unauthorized', SIGN_IN);
    const principal = await bySession(cookie, dependencies);
    refuseForeign(request, dependencies.publicUrl);
    return principal;
  };
}

/** The same, wired from the environment. */
export async function principalsFrom(env: PrincipalEnv): Promise<PrincipalOf> {
  return principals({
    people: dynamoPeople(env.PEOPLE_TABLE),
    sessions: jwtSessions(await secret(env.SESSION_SECRET_ARN), clock),
    clock,
    publicUrl: env.PUBLIC_URL,
  });
}

async function byKey(text: string, { people, clock }: Dependencies): Promise<Principal> {
  const parts = keyParts(text);
  const key = parts && (await people.findKey(parts.id));
  const now = clock.now();
  const isGenuine = key && isSame(sha256(parts.secret), Buffer.from(key.secretHash, 'hex'));
  if (!isGenuine || !isLive(key, now)) {
    throw new Fault('Unauthorized', 'This API key is unknown, expired or revoked; make a new one');
  }
  if ((await people.find(key.org, key.owner))?.leftAt)
    throw new Fault('Unauthorized', 'Whoever made this API key has left; somebody else makes a new one');
  await people.touchKey(key, now.toISOString());
  return { via: 'key', org: key.org, id: key.owner, keyId: key.id, scopes: key.scopes };
}

async function bySession(token: string, { people, sessions }: Dependencies): Promise<Principal> {
  const session = await sessions.read(token);
  const person = session && (await people.findInSession(session));
  if (!person) throw new Fault('Unauthorized', `This session has ended. ${SIGN_IN}`);
  const { org, id, email, name, roles } = person;
  return { via: 'session', org, id, email, name, roles };
}

/** A browser sends the cookie with whatever a page of another site makes it send; only our own pages can add the header. */
function refuseForeign({ event, headers }: Request, publicUrl: string): void {
  if (SAFE_METHODS.includes(event.requestContext.http.method)) return;
  if (headers['x-signalbox'] === '1') return;
  if (headers['sec-fetch-site'] === 'same-origin') return;
  if (!headers['sec-fetch-site'] && headers.origin === new URL(publicUrl).origin) return;
  throw new Fault('Forbidden', 'Changes by cookie need the header "x-signalbox: 1"');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function isSame(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
