import { createHash } from 'node:crypto';
import type { Approval, Verdict } from './approval.ts';

/**
 * What a passkey signs to decide: the exact request, the verdict, and a nonce that is used up by the decision. SHA-256
 * in base64url, so that an approval can be proven with nothing but the approver's public key.
 */
export function challengeOf(
  { org, id, revision, payloadHash }: Pick<Approval, 'org' | 'id' | 'revision' | 'payloadHash'>,
  { verdict, nonce }: { verdict: Verdict; nonce: string },
): string {
  const said = ['signalbox-decision/v1', org, id, String(revision), payloadHash, verdict, nonce];
  return createHash('sha256').update(said.join('\n')).digest('base64url');
}
