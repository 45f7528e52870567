import { createHash, createHmac } from 'node:crypto';
import * as z from 'zod';
import { canonical } from './canonical.ts';

/**
 * One thing that happened to an action, for audit. Holds no names, addresses or free text: those are committed to by
 * a keyed hash, so that they can be erased without breaking the chain.
 */
export const LedgerEntry = z.object({
  v: z.literal(1),
  org: z.string(),
  actionId: z.string(),
  seq: z.int().positive(),
  /** Hash of the entry before; 64 zeros for the first. */
  prev: z.string().regex(/^[0-9a-f]{64}$/),
  type: z.enum([
    'PROPOSED',
    'VOTED',
    'DECIDED',
    'DECISION_REJECTED',
    'VIEWED',
    'MODIFIED',
    'REMINDED',
    'ESCALATED',
    'DELEGATED',
    'REVOKED',
    'EXPIRED',
    'CANCELLED',
    'SUPERSEDED',
    'INVALIDATED',
    'RESUMED',
    'EXECUTING',
    'EXECUTED',
    'EXEC_BLOCKED',
    'EXEC_FAILED',
    'EXEC_UNKNOWN',
    'LAPSED',
    'POLICY_CHANGED',
    'BREAK_GLASS',
  ]),
  at: z.iso.datetime(),
  actor: z.object({
    principal: z.string(),
    auth: z.enum(['agent', 'code', 'session', 'key', 'slack', 'passkey', 'policy', 'system']),
    onBehalfOf: z.string().optional(),
  }),
  channel: z.enum(['email', 'web', 'slack', 'api', 'policy']).optional(),
  revision: z.int().positive(),
  payloadCommit: z.string(),
  policyHash: z.string(),
  rule: z.string(),
  mode: z.enum(['auto', 'ask', 'require_approval', 'deny']).optional(),
  factsHash: z.string().optional(),
  decision: z.enum(['approve', 'decline']).optional(),
  decisionId: z.string().optional(),
  reasonCommit: z.string().optional(),
  linkHash: z.string().optional(),
  /** When the page was made on which it was decided. */
  shownAt: z.iso.datetime().optional(),
  /** SHA-256 of a passkey's assertion over what was decided; the assertion itself is kept with the vote. */
  assertionHash: z.string().optional(),
  /** Why a rejected try did not count: the refusal's name. */
  why: z.string().optional(),
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

/** An entry as it is stored: the exact bytes that were hashed, and their hash. */
export interface Sealed {
  seq: number;
  text: string;
  hash: string;
}

export const CHAIN_START = '0'.repeat(64);

/** Seals an entry: SHA-256 over a zero byte (RFC 6962's leaf prefix) and the entry's canonical bytes. */
export function seal(entry: LedgerEntry): Sealed {
  const text = canonical(LedgerEntry.parse(entry));
  const hash = createHash('sha256').update(Buffer.of(0)).update(text).digest('hex');
  return { seq: entry.seq, text, hash };
}

/** Binds an entry to something that it must not hold: the salt is erased with the thing, and nobody can guess it back. */
export function commit(salt: string, text: string): string {
  return createHmac('sha256', Buffer.from(salt, 'hex')).update(text).digest('hex');
}

/** Something that is not as it was written, named by the first entry of its action that this makes worthless. */
export interface Problem {
  entry: number;
  message: string;
}

/** The first place where a chain is broken; nothing when it is whole. Entries must be in order. */
export function firstBroken(entries: readonly Sealed[]): Problem | undefined {
  let prev = CHAIN_START;
  for (const [index, { seq, text, hash }] of entries.entries()) {
    const entry = index + 1;
    const read = entryIn(text);
    if (seq !== entry) return { entry, message: `entry ${entry} is missing or out of order` };
    if (read?.seq !== seq || seal(read).hash !== hash)
      return { entry, message: `entry ${entry} was changed` };
    if (read.prev !== prev) return { entry, message: `entry ${entry} does not follow the entry before it` };
    prev = hash;
  }
  return undefined;
}

/** The entry that a text holds; nothing when it is not an entry's one text. Never throws. */
export function entryIn(text: string): LedgerEntry | undefined {
  try {
    const entry = LedgerEntry.parse(JSON.parse(text));
    return canonical(entry) === text ? entry : undefined;
  } catch {
    return undefined;
  }
}

/** The first place where a chain is broken, in words. */
export function brokenAt(entries: readonly Sealed[]): string | undefined {
  return firstBroken(entries)?.message;
}
