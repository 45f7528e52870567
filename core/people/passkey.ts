import * as z from 'zod';

const Base64Url = z.string().regex(/^[\w-]{1,2000}$/);

/** A person's passkey as it is stored: what it signs can be checked by anybody, and made by nobody else. */
export const Passkey = z.object({
  org: z.string(),
  person: z.string(),
  /** The credential's id. */
  id: Base64Url,
  /** COSE key. */
  publicKey: Base64Url,
  /** Signatures that the authenticator says it has made; 0 for those that do not count. */
  counter: z.int().nonnegative(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().optional(),
  removedAt: z.iso.datetime().optional(),
});
export type Passkey = z.infer<typeof Passkey>;

/** Passkeys that one person may have. */
export const MAX_PASSKEYS = 10;

export interface Passkeys {
  of(org: string, person: string): Promise<Passkey[]>;
  /** Throws `Conflict` when the person has this one, or had it: what was removed does not come back. */
  add(passkey: Passkey): Promise<void>;
  remove(passkey: Passkey, at: string): Promise<void>;
  /** Notes a use; answers whether the counter went on, as a copied key's would not. */
  used(passkey: Passkey, counter: number, at: string): Promise<boolean>;
}
