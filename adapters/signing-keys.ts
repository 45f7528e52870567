import { hkdfSync } from 'node:crypto';
import * as z from 'zod';
import { Fault } from '#core/fault.ts';

/** Two live keys make rotation possible: the first signs, all verify. */
const Keys = z.object({
  keys: z.array(z.object({ kid: z.string().min(1), secret: z.string().min(32) })).min(1),
});

export interface SigningKeys {
  /** Id of the key that signs now. */
  current: string;
  /** The key for one purpose of one organization, derived: no two organizations share one. Nothing for an unknown id. */
  key(kid: string, purpose: string): Uint8Array | undefined;
}

/** The secret's text is either one random string, or `{"keys":[{"kid","secret"},…]}` while two are live. */
export function signingKeys(secretText: string): SigningKeys {
  const keys = secretText.startsWith('{') ? Keys.parse(JSON.parse(secretText)).keys : [whole(secretText)];
  const derived = new Map<string, Uint8Array>();

  return {
    current: keys[0]?.kid ?? '',
    key(kid, purpose) {
      const master = keys.find((one) => one.kid === kid);
      if (!master) return undefined;
      const name = `${kid}\n${purpose}`;
      const known = derived.get(name) ?? new Uint8Array(hkdfSync('sha256', master.secret, '', purpose, 32));
      derived.set(name, known);
      return known;
    },
  };
}

function whole(secret: string) {
  if (secret.length < 32) throw new Fault('Unavailable', 'A signing secret is shorter than 32 characters');
  return { kid: '1', secret };
}
