import { jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import type { Clock } from '#core/ports.ts';
import type { Checks } from './oidc.ts';

export const OIDC_COOKIE = '__Host-oidc';

const SECONDS = 10 * 60;
const TYPE = 'oidc-checks+jwt';
const Stored = z.object({ state: z.string(), nonce: z.string(), verifier: z.string() });

/** Keeps a sign-in's checks in the browser that began it: nobody else can finish it, and nothing is stored. */
export function oidcCookies(secretText: string, clock: Clock) {
  const key = new TextEncoder().encode(secretText);
  const now = () => Math.floor(clock.now().getTime() / 1000);

  return {
    async write(checks: Checks): Promise<string> {
      const token = await new SignJWT({ ...checks })
        .setProtectedHeader({ alg: 'HS256', typ: TYPE })
        .setExpirationTime(now() + SECONDS)
        .sign(key);
      return `${OIDC_COOKIE}=${token}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=${SECONDS}`;
    },

    async read(token: string): Promise<Checks | undefined> {
      try {
        const options = { algorithms: ['HS256'], typ: TYPE, currentDate: clock.now() };
        return Stored.parse((await jwtVerify(token, key, options)).payload);
      } catch {
        return undefined;
      }
    },
  };
}

export type OidcCookies = ReturnType<typeof oidcCookies>;

export const NO_OIDC_COOKIE = `${OIDC_COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0`;
