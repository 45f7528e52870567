import * as z from 'zod';
import type { Clock } from '#core/ports.ts';
import type { Checks } from './oidc.ts';
import { type SignedCookie, signedCookie } from './signed-cookie.ts';

const Stored = z.object({ state: z.string(), nonce: z.string(), verifier: z.string() });

/** Keeps a sign-in's checks in the browser that began it: nobody else can finish it. */
export function oidcCookie(secretText: string, clock: Clock): SignedCookie<Checks> {
  return signedCookie({ name: '__Host-oidc', type: 'oidc-checks+jwt', schema: Stored }, secretText, clock);
}
