import { createPublicKey } from 'node:crypto';
import { GetPublicKeyCommand, SignCommand } from '@aws-sdk/client-kms';
import type { Signer } from '#core/ledger/ports.ts';
import { kms } from './clients.ts';

/** Signs with an asymmetric P-256 key of KMS, which nobody can read. */
export function kmsSigner(KeyId: string): Signer {
  let publicKey: string | undefined;
  return {
    async sign(text) {
      publicKey ??= await publicKeyOf(KeyId);
      const { Signature = new Uint8Array() } = await kms().send(
        new SignCommand({
          KeyId,
          Message: Buffer.from(text),
          MessageType: 'RAW',
          SigningAlgorithm: 'ECDSA_SHA_256',
        }),
      );
      return { text, signature: Buffer.from(Signature).toString('base64'), publicKey };
    },
  };
}

/** The public key of such a key, in PEM. */
export async function publicKeyOf(KeyId: string): Promise<string> {
  const { PublicKey = new Uint8Array() } = await kms().send(new GetPublicKeyCommand({ KeyId }));
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' });
  return String(key.export({ format: 'pem', type: 'spki' }));
}
