import { relyingParty } from '#adapters/relying-party.ts';
import type { Passkey } from '#core/people/passkey.ts';

/** What a browser is asked for, so that one of these passkeys signs a challenge with its owner present. */
export function assertionOptions(
  known: readonly Passkey[],
  { challenge, publicUrl }: { challenge: string; publicUrl: string },
) {
  const allowCredentials = known.map(({ id }) => ({ id, type: 'public-key' }));
  return { challenge, rpId: relyingParty(publicUrl).rpId, allowCredentials, userVerification: 'required' };
}
