import { createHash } from 'node:crypto';
import * as z from 'zod';

export const ApprovalStatus = z.enum(['PENDING', 'APPROVED', 'DECLINED', 'EXPIRED', 'CANCELLED']);
export type ApprovalStatus = z.infer<typeof ApprovalStatus>;

export const Verdict = z.enum(['approve', 'decline']);
export type Verdict = z.infer<typeof Verdict>;

export const Channel = z.enum(['email', 'web', 'api']);
export const Auth = z.enum(['link', 'session', 'key']);

export const Approver = z.object({ id: z.string(), email: z.email() });
export type Approver = z.infer<typeof Approver>;

export const Decision = z.object({
  id: z.string(),
  verdict: Verdict,
  /** The person's id, whichever door they came in by. */
  by: z.string(),
  channel: Channel,
  auth: Auth,
  reason: z.string().max(2_000),
});
export type Decision = z.infer<typeof Decision>;

/**
 * One question to people about one exact payload. `status` is what was decided; `resume` is whether the waiting
 * machine has heard of it, and only the machine itself says so.
 */
export const Approval = z.object({
  org: z.string(),
  id: z.string(),
  type: z.literal('change_code'),
  headline: z.string(),
  ticketId: z.string(),
  runId: z.string(),
  status: ApprovalStatus,
  risk: z.enum(['low', 'medium', 'high']),
  rule: z.string(),
  policyHash: z.string(),
  revision: z.int().positive(),
  payloadHash: z.string(),
  /** Who asks: an agent's role, as `agent:lead`. */
  requester: z.string(),
  /** Principals who may not decide because they had a part in asking. Never empty. */
  conflicts: z.array(z.string()).min(1),
  approvers: z.array(Approver).min(1),
  quorum: z.literal(1),
  requestedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  decision: Decision.optional(),
  /** When it left PENDING, by whatever way. */
  decidedAt: z.iso.datetime().optional(),
  /** The ledger entry that settled it. */
  settledBy: z.object({ seq: z.int(), hash: z.string() }).optional(),
  resume: z.enum(['NONE', 'PENDING', 'RESUMED', 'ORPHANED']),
  /** Counts changes; every write is conditional on it. */
  version: z.int().positive(),
  ledgerSeq: z.int().positive(),
  ledgerHead: z.string(),
  /** Hex; keys the ledger's commitments, and is erased with the payload. */
  salt: z.string().regex(/^[0-9a-f]{32}$/),
});
export type Approval = z.infer<typeof Approval>;

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Crockford's base 32 of the first bits of `bytes`, five to a character. */
export function crockford(bytes: Uint8Array, length: number): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return Array.from(
    { length },
    (_, at) => CROCKFORD[Number.parseInt(bits.slice(at * 5, at * 5 + 5), 2)],
  ).join('');
}

/** `act_` and 26 characters, the same for the same question of the same run: a repeated step asks once. */
export function approvalId(org: string, runId: string, kind: string): string {
  return `act_${crockford(createHash('sha256').update(`${org}\n${runId}\n${kind}`).digest(), 26)}`;
}

export const APPROVAL_ID = /^act_[0-9A-HJKMNP-TV-Z]{26}$/;

/** Whether a moment is too late to decide. */
export function isOver({ expiresAt }: Pick<Approval, 'expiresAt'>, now: Date): boolean {
  return now >= new Date(expiresAt);
}
