import { createHash } from 'node:crypto';
import * as z from 'zod';

/**
 * `APPROVED` is consumed once: by the machine that waits, or by `EXECUTING`. Everything else but `PENDING` is final.
 * There is no approval by silence.
 */
export const ApprovalStatus = z.enum([
  'PENDING',
  'APPROVED',
  'DECLINED',
  'EXPIRED',
  'CANCELLED',
  'SUPERSEDED',
  'INVALIDATED',
  'DENIED_BY_POLICY',
  'EXECUTING',
  'EXECUTED',
  'EXEC_BLOCKED',
  'EXEC_FAILED',
  'EXEC_UNKNOWN',
  'LAPSED',
]);
export type ApprovalStatus = z.infer<typeof ApprovalStatus>;

export const Verdict = z.enum(['approve', 'decline']);
export type Verdict = z.infer<typeof Verdict>;

export const Mode = z.enum(['auto', 'ask', 'require_approval', 'deny']);
export type Mode = z.infer<typeof Mode>;

export const Risk = z.enum(['low', 'medium', 'high']);
export type Risk = z.infer<typeof Risk>;

export const Channel = z.enum(['email', 'web', 'slack', 'api', 'policy']);
export type Channel = z.infer<typeof Channel>;

/** How a decider proved who they are: a link alone never does. `code` is the link's cookie and the code in its mail. */
export const Auth = z.enum(['code', 'session', 'key', 'slack', 'passkey', 'policy']);
export type Auth = z.infer<typeof Auth>;

export const Approver = z.object({ id: z.string(), email: z.email() });
export type Approver = z.infer<typeof Approver>;

export const Decision = z.object({
  id: z.string(),
  verdict: Verdict,
  /** The person's id, whichever door they came in by. */
  by: z.string(),
  onBehalfOf: z.string().optional(),
  channel: Channel,
  auth: Auth,
  reason: z.string().max(2_000),
  /** When the page was made on which it was decided, if it was on one. */
  shownAt: z.iso.datetime().optional(),
});
export type Decision = z.infer<typeof Decision>;

/** One person's yes while others are still needed; a no settles it at once. */
export const CastVote = z.object({
  by: z.string(),
  /** Whose place the person took, by a delegation. */
  onBehalfOf: z.string().optional(),
  channel: Channel,
  auth: Auth,
  at: z.iso.datetime(),
});
export type CastVote = z.infer<typeof CastVote>;

/** A limit of the policy that the facts are over. Values are words: a missing fact is over every limit. */
export const Over = z.object({ fact: z.string(), value: z.string(), limit: z.string() });

/**
 * One question to people about one exact payload. `status` is what was decided; `resume` is whether the waiting
 * machine has heard of it, and only the machine itself says so.
 */
export const Approval = z.object({
  org: z.string(),
  id: z.string(),
  /** What would be done: `change_code`, `slack.post_message`, … */
  type: z.string().max(100),
  headline: z.string(),
  ticketId: z.string().optional(),
  /** The run that waits for the answer; without one, whoever proposed it asks for it. */
  runId: z.string().optional(),
  status: ApprovalStatus,
  mode: Mode,
  risk: Risk,
  rule: z.string(),
  over: z.array(Over).default([]),
  /** What the server measured about the payload; limits are compared with these and nothing else. */
  facts: z.record(z.string(), z.unknown()).default({}),
  policyHash: z.string(),
  /** The ways of proving oneself that count here. Never empty: high risk takes a passkey and nothing else. */
  auths: z.array(Auth).min(1),
  revision: z.int().positive(),
  payloadHash: z.string(),
  /** Who asks: an agent's role, as `agent:lead`. */
  requester: z.string(),
  /** Who that is, for people; the ledger holds the principal alone. */
  requesterName: z.string().max(300).optional(),
  /** Principals who may not decide because they had a part in asking. Never empty. */
  conflicts: z.array(z.string()).min(1),
  approvers: z.array(Approver),
  groups: z.array(z.string()).default([]),
  quorum: z.int().min(1).max(10),
  votes: z.array(CastVote).default([]),
  /** JSON pointers that an approver may change. */
  modifiable: z.array(z.string()).default([]),
  /** Seconds after the request at which nobody having decided is said again, or said to more people. */
  reminders: z.array(z.int().positive()).default([]),
  escalations: z.array(z.object({ after: z.int().positive(), groups: z.array(z.string()) })).default([]),
  /** Whether reminders and escalations wait for the working hours of `zone`, an IANA time zone. */
  hours: z.enum(['always', 'business']).default('always'),
  zone: z.string().default('UTC'),
  /** How many reminders and escalations were done. */
  ticks: z.int().nonnegative().default(0),
  /** The proposer's own words for why; shown apart and believed by nobody. */
  claim: z.string().max(2_000).optional(),
  /** Of the request that proposed it: the same key with another request is a mistake. */
  requestHash: z.string().optional(),
  /** Seconds after the approval in which whoever proposed it may act on it. */
  useWithin: z.int().min(60).default(86_400),
  /** Who acts on it now: nobody else may until then, and who is silent by then leaves it unknown. */
  lease: z.object({ holder: z.string(), until: z.iso.datetime() }).optional(),
  /** Tries that did not count: who, and why. */
  rejections: z.array(z.string()).default([]),
  /** When somebody who was asked, or their mail's scanner, first opened it. */
  firstViewedAt: z.iso.datetime().optional(),
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

/** The ways of proving oneself that a risk takes: a stolen mailbox must not be enough for what cannot be undone. */
export function authsFor(risk: Risk, { slack = true, passkey = false } = {}): Auth[] {
  if (risk === 'high' || passkey) return ['passkey'];
  return ['code', 'session', 'key', 'passkey', ...(slack ? (['slack'] as const) : [])];
}

/** What an approver is told about a payload, made of its own fields by us; `claim` alone is an agent's words. */
export interface Summary {
  /** One line for lists, mails and headings. */
  headline: string;
  /** What is behind `Decide:` in a mail's subject. */
  subject: string;
  facts: { name: string; value: string }[];
  /** Longer texts of the payload, to be read as they are. */
  texts?: { name: string; text: string }[];
  /** What happens on a yes, step by step. */
  effects: string[];
  claim: string;
}
