import { createHash } from 'node:crypto';
import * as z from 'zod';
import { Scope } from './person.ts';

/** An API key as it is stored. The secret itself is shown once, at creation; only its SHA-256 is kept. */
export const ApiKey = z.object({
  org: z.string(),
  /** 16 hex digits, also the middle part of the key: `sbx_<id>_<secret>`. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  /** The person who answers for what the key does. */
  owner: z.string(),
  name: z.string().max(100),
  secretHash: z.string(),
  scopes: z.array(Scope).min(1),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().optional(),
  lastUsedAt: z.iso.datetime().optional(),
});
export type ApiKey = z.infer<typeof ApiKey>;

/** A key as people are shown it: everything but what it is made of. */
export function keyView({ id, name, scopes, createdAt, expiresAt, lastUsedAt, owner }: ApiKey) {
  return { id, name, scopes, owner, created_at: createdAt, expires_at: expiresAt, last_used_at: lastUsedAt };
}

const KEY = /^sbx_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** The two parts of a key's text, or nothing when it does not look like one. */
export function keyParts(text: string): { id: string; secret: string } | undefined {
  const [, id, secret] = KEY.exec(text) ?? [];
  return id && secret ? { id, secret } : undefined;
}

/** Whether a key still opens anything at a moment. */
export function isLive({ expiresAt, revokedAt }: ApiKey, now: Date): boolean {
  return !revokedAt && now < new Date(expiresAt);
}

interface Chance {
  random(bytes: number): Buffer;
  now: Date;
}

/** A new key and its text, which is shown once and kept nowhere. */
export function newKey(
  given: Pick<ApiKey, 'org' | 'owner' | 'name' | 'scopes' | 'expiresAt'>,
  { random, now }: Chance,
): { key: ApiKey; text: string } {
  const id = random(8).toString('hex');
  const secret = random(32).toString('base64url');
  const secretHash = createHash('sha256').update(secret).digest('hex');
  const key = ApiKey.parse({ ...given, id, secretHash, createdAt: now.toISOString() });
  return { key, text: `sbx_${id}_${secret}` };
}
