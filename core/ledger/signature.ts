import { createHash, createPublicKey, verify as isSignedBy } from 'node:crypto';
import type { Signed } from './checkpoint.ts';

/** Whether a checkpoint's signature is of its key. Also exactly encoded: what is decoded leniently could be changed unseen. */
export function isGenuine({ text, signature, publicKey }: Signed): boolean {
  const bytes = Buffer.from(signature, 'base64');
  if (bytes.toString('base64') !== signature || pemOf(publicKey) !== publicKey) return false;
  try {
    return isSignedBy('sha256', Buffer.from(text), publicKey, bytes);
  } catch {
    return false; // a key of another kind
  }
}

/** What people compare keys by: SHA-256 of the key's DER bytes. */
export function fingerprint(key: string): string {
  const der = pemOf(key) && createPublicKey(key).export({ format: 'der', type: 'spki' });
  return der ? `SHA256:${createHash('sha256').update(der).digest('hex')}` : 'no key';
}

/** A public key as OpenSSL would write it; nothing when it is none. */
export function pemOf(key: string): string | undefined {
  try {
    return String(createPublicKey(key).export({ format: 'pem', type: 'spki' }));
  } catch {
    return undefined;
  }
}
