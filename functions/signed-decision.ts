import { relyingParty } from '#adapters/relying-party.ts';
import { signedBy } from '#adapters/webauthn.ts';
import type { Approval, Verdict } from '#core/approvals/approval.ts';
import { challengeOf } from '#core/approvals/challenge.ts';
import { canonical } from '#core/canonical.ts';
import type { Passkeys } from '#core/people/passkey.ts';
import type { Clock } from '#core/ports.ts';

interface Signed extends Pick<Approval, 'org' | 'id' | 'revision' | 'payloadHash'> {
  /** Whose passkey it must be. */
  by: string;
  verdict: Verdict;
  /** The form's: it is used up by the decision. */
  formHash: string;
}

/**
 * What is kept with a vote, so that anybody can check it later: the signature, the public key, and what was signed.
 * Nothing when none of the person's passkeys has signed this decision on this request, or when its counter did not go on.
 */
export async function signedDecision(
  { by, formHash: nonce, verdict, ...request }: Signed,
  assertion: string,
  { passkeys, publicUrl, clock }: { passkeys: Passkeys; publicUrl: string; clock: Clock },
): Promise<string | undefined> {
  const known = await passkeys.of(request.org, by);
  const challenge = challengeOf(request, { verdict, nonce });
  const signed = await signedBy(assertion, known, { challenge, publicUrl }).catch(() => undefined);
  if (!signed || !(await passkeys.used(signed.passkey, signed.counter, clock.now().toISOString())))
    return undefined;
  const { publicKey } = signed.passkey;
  return canonical({ ...relyingParty(publicUrl), nonce, publicKey, response: JSON.parse(assertion) });
}
