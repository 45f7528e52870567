import { type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type * as z from 'zod';
import type { Clock } from '#core/ports.ts';

interface Kind<T> {
  /** Begins with `__Host-`. */
  name: string;
  /** Of the token, so that one kind is never taken for another. */
  type: string;
  schema: z.ZodType<T>;
}

const SECONDS = 10 * 60;
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Lax';

export interface SignedCookie<T> {
  name: string;
  write(value: T): Promise<string>;
  read(token: string | undefined): Promise<T | undefined>;
}

/** Keeps something in a browser for ten minutes, signed by us: nothing is stored, and no other browser has it. */
export function signedCookie<T extends object>(
  { name, type, schema }: Kind<T>,
  secretText: string,
  clock: Clock,
): SignedCookie<T> {
  const key = new TextEncoder().encode(secretText);
  return {
    name,
    async write(value) {
      const token = await new SignJWT(value as JWTPayload)
        .setProtectedHeader({ alg: 'HS256', typ: type })
        .setExpirationTime(Math.floor(clock.now().getTime() / 1000) + SECONDS)
        .sign(key);
      return `${name}=${token}; ${ATTRIBUTES}; Max-Age=${SECONDS}`;
    },
    async read(token = '') {
      try {
        const options = { algorithms: ['HS256'], typ: type, currentDate: clock.now() };
        return schema.parse((await jwtVerify(token, key, options)).payload);
      } catch {
        return undefined;
      }
    },
  };
}

/** The header that makes a browser forget a cookie. */
export function forget({ name }: { name: string }): string {
  return `${name}=; ${ATTRIBUTES}; Max-Age=0`;
}
