import { randomBytes } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Session, Sessions } from '#core/people/ports.ts';
import type { Clock } from '#core/ports.ts';

export const SESSION_COOKIE = '__Host-session';
/** Seconds that a sign-in lasts. */
export const SESSION_SECONDS = 12 * 60 * 60;

const ISSUER = 'signalbox';
const TYPE = 'session+jwt';

/** Sessions as HS256 tokens: nothing is stored until one is ended. */
export function jwtSessions(secretText: string, clock: Clock): Sessions {
  const key = new TextEncoder().encode(secretText);

  return {
    async issue({ org, personId }) {
      const at = Math.floor(clock.now().getTime() / 1000);
      const session = {
        org,
        personId,
        id: randomBytes(16).toString('base64url'),
        expires: at + SESSION_SECONDS,
      };
      const token = await new SignJWT({ jti: session.id })
        .setProtectedHeader({ alg: 'HS256', typ: TYPE })
        .setIssuer(ISSUER)
        .setAudience(org)
        .setSubject(personId)
        .setIssuedAt(at)
        .setExpirationTime(session.expires)
        .sign(key);
      return { token, session };
    },

    async read(token) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ['HS256'],
          typ: TYPE,
          issuer: ISSUER,
          currentDate: clock.now(),
          requiredClaims: ['sub', 'aud', 'jti', 'exp'],
        });
        return sessionOf(payload);
      } catch {
        return undefined;
      }
    },
  };
}

function sessionOf({ aud, sub, jti, exp }: Record<string, unknown>): Session {
  return { org: String(aud), personId: String(sub), id: String(jti), expires: Number(exp) };
}

/** The header that gives a browser its session; `Lax` because mails link to pages that need it. */
export function sessionCookie(token: string): string {
  return `${SESSION_COOKIE}=${token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${SESSION_SECONDS}`;
}

export const NO_SESSION_COOKIE = `${SESSION_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0`;
