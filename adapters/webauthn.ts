import {
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import * as z from 'zod';
import { parseJson } from '#core/parse.ts';
import type { Passkey } from '#core/people/passkey.ts';
import { relyingParty } from './relying-party.ts';

/** What a browser's `PublicKeyCredential.toJSON()` gives; the library checks the rest of it. */
const Credential = z.looseObject({
  id: z.string(),
  rawId: z.string(),
  type: z.literal('public-key'),
  response: z.looseObject({}),
});

/** The new passkey in a browser's answer; nothing when it is not an answer to this challenge, made here by a person. */
export async function registered(
  text: string,
  { challenge, publicUrl }: { challenge: string; publicUrl: string },
): Promise<Pick<Passkey, 'id' | 'publicKey' | 'counter'> | undefined> {
  const { rpId, origin } = relyingParty(publicUrl);
  const response = parseJson(Credential, text) as unknown as RegistrationResponseJSON;
  const { registrationInfo } = await orNothing(() =>
    verifyRegistrationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
    }),
  );
  if (!registrationInfo) return undefined;
  const { id, publicKey, counter } = registrationInfo.credential;
  return { id, publicKey: Buffer.from(publicKey).toString('base64url'), counter };
}

/** Which of a person's passkeys has signed a challenge here, with the person present, and its counter; nothing when none has. */
export async function signedBy(
  text: string,
  passkeys: readonly Passkey[],
  { challenge, publicUrl }: { challenge: string; publicUrl: string },
): Promise<{ passkey: Passkey; counter: number } | undefined> {
  const { rpId, origin } = relyingParty(publicUrl);
  const response = parseJson(Credential, text) as unknown as AuthenticationResponseJSON;
  const passkey = passkeys.find(({ id }) => id === response.id);
  if (!passkey) return undefined;
  const { id, counter } = passkey;
  const publicKey = new Uint8Array(Buffer.from(passkey.publicKey, 'base64url'));
  const { verified, authenticationInfo } = await orNothing(() =>
    verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      credential: { id, publicKey, counter },
      requireUserVerification: true,
    }),
  );
  return verified && authenticationInfo ? { passkey, counter: authenticationInfo.newCounter } : undefined;
}

/** What is kept with a vote that a passkey has signed. */
const Kept = z.object({
  origin: z.url(),
  rpId: z.string(),
  nonce: z.string(),
  publicKey: z.string(),
  response: Credential,
});

/** Whether what was kept with a vote is its passkey's signature over the challenge of its nonce: for anybody, without us. */
export async function isSignedDecision(
  kept: string,
  challengeOf: (nonce: string) => string,
): Promise<boolean> {
  const { passkey } = await orNothing(async () => {
    const { origin, publicKey, response, nonce } = parseJson(Kept, kept);
    const at = { challenge: challengeOf(nonce), publicUrl: origin };
    const own = { org: '', person: '', id: response.id, publicKey, counter: 0, createdAt: '' };
    return { passkey: await signedBy(JSON.stringify(response), [own], at) };
  });
  return passkey !== undefined;
}

/** The library throws for whatever is wrong with an answer: none of it is told to whoever sent it. */
async function orNothing<T>(verify: () => Promise<T>): Promise<Partial<T>> {
  try {
    return await verify();
  } catch {
    return {};
  }
}
