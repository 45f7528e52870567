import * as z from 'zod';
import { Review } from './review.ts';

export const Stage = z.enum([
  'triage',
  'diagnosis',
  'approval',
  'implementation',
  'verification',
  'review',
  'done',
]);
export type Stage = z.infer<typeof Stage>;

export const CheckResult = z.object({
  id: z.string(),
  title: z.string(),
  verdict: z.enum(['PASS', 'FAIL', 'WARN', 'SKIP', 'INCONCLUSIVE']),
  detail: z.string().max(4_000),
  seconds: z.number().nonnegative(),
});
export type CheckResult = z.infer<typeof CheckResult>;

/** What verification in a clean clone found. `passed` needs every check PASS or SKIP, and a red test before that is green after. */
export const Verification = z.object({
  verdict: z.enum(['passed', 'failed', 'timed_out', 'inert', 'infrastructure']),
  baseSha: z.string(),
  headSha: z.string(),
  /** Tests red at the base commit; and of those, the ones green with the change. */
  redBefore: z.array(z.string()),
  greenAfter: z.array(z.string()),
  redAfter: z.array(z.string()),
  checks: z.array(CheckResult),
  notVerified: z.array(z.string()),
});
export type Verification = z.infer<typeof Verification>;

/** What the engineer hands over: a claim, until verification has looked. */
export const Handover = z.object({
  summary: z.string().max(4_000),
  rootCause: z.string().max(4_000),
  changes: z.array(z.string().max(500)).max(50),
  tests: z.array(z.string().max(500)).max(50),
  risks: z.array(z.string().max(500)).max(50),
});
export type Handover = z.infer<typeof Handover>;

/** Where the engineer's journal of a run lies: the conversation, and the segments that one task wrote of it. */
export const KeptJournal = z.object({
  round: z.string(),
  lease: z.int().positive(),
  segments: z.int().nonnegative(),
  /** The commit that its work started from. */
  base: z.string(),
});
export type KeptJournal = z.infer<typeof KeptJournal>;

/** What a person says to whoever works on a run. */
export const Instruction = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  by: z.string(),
  text: z.string().max(2_000),
});
export type Instruction = z.infer<typeof Instruction>;

/** One attempt at a ticket. Money is in nano-dollars (10⁻⁹ USD), always whole. */
export const Run = z.object({
  org: z.string(),
  /** `run_` + the ticket's digits + `_` + attempt, which is also the execution's name. */
  id: z.string(),
  ticketId: z.string(),
  attempt: z.int().positive(),
  status: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
  stage: Stage,
  percent: z.int().min(0).max(100),
  /** Who works on it now, and on what: "engineer: running the tests". */
  doing: z.string(),
  /** What it is about, when it changes an open pull request once more. */
  review: Review.optional(),
  repository: z.string().optional(),
  branch: z.string().optional(),
  baseSha: z.string().optional(),
  headSha: z.string().optional(),
  patchKey: z.string().optional(),
  handover: Handover.optional(),
  /** What there was when a limit ended the work: the change so far, and whether it passed verification. */
  partial: z
    .object({ patchKey: z.string(), isVerified: z.boolean(), report: z.string().max(8_000).default('') })
    .optional(),
  verification: Verification.optional(),
  spentNanoUsd: z.int().nonnegative(),
  budgetNanoUsd: z.int().positive(),
  /** Model answers so far in this conversation, and what verification said last. */
  step: z.int().nonnegative().optional(),
  tests: z.string().max(500).optional(),
  /** Whose turn it is: raised by each task that takes the run over; the writes of an earlier one are refused. */
  lease: z.int().positive().optional(),
  journal: KeptJournal.optional(),
  /** Conversations before that one, oldest first: each refused verification begins another. */
  earlier: z.array(KeptJournal).optional(),
  /** What a person wants of whoever works on it; and by whom. */
  control: z
    .object({ wish: z.enum(['pause', 'resume', 'stop']), by: z.string(), at: z.iso.datetime() })
    .optional(),
  instructions: z.array(Instruction).max(20).optional(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
});
export type Run = z.infer<typeof Run>;

/** One line of a run's log, for people. `id` sorts by time and is unique within the run. */
export const RunLine = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  stage: Stage,
  who: z.enum(['triage', 'lead', 'engineer', 'verifier', 'platform', 'person']),
  level: z.enum(['info', 'warn', 'error']).default('info'),
  text: z.string().max(2_000),
});
export type RunLine = z.infer<typeof RunLine>;

/**
 * One HTTP attempt at a model provider, or one item of a batch. Written before it is sent with what it can cost at most
 * (`reserved`), then with what it cost: `settled` by the provider's last word, `estimated` when that is missing,
 * `unknown` when nobody was left to hear it, `unpriced` when the answer names a surcharge without a known price. The
 * last two are charged at what was reserved.
 */
export const CostRow = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  ticketId: z.string().optional(),
  runId: z.string().optional(),
  role: z.string(),
  provider: z.string().optional(),
  model: z.string(),
  requestId: z.string().optional(),
  attempt: z.int().positive(),
  batchId: z.string().optional(),
  customId: z.string().optional(),
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  cacheReadTokens: z.int().nonnegative(),
  cacheWriteTokens: z.int().nonnegative(),
  /** That the provider's cache should have had and did not. */
  cacheMissedTokens: z.int().positive().optional(),
  /** As the provider said it, word for word. */
  usage: z.record(z.string(), z.unknown()).optional(),
  /** Why the model stopped. */
  stop: z.string().optional(),
  /** Which repair of an unusable answer this was. */
  repair: z.int().positive().optional(),
  /** It paid for an answer that only went on in a circle. */
  struck: z.boolean().optional(),
  nanoUsd: z.int().nonnegative(),
  reservedNanoUsd: z.int().nonnegative().optional(),
  priceVersion: z.string(),
  status: z.enum(['reserved', 'settled', 'estimated', 'unknown', 'unpriced']),
});
export type CostRow = z.infer<typeof CostRow>;

/** The run and execution id of a ticket's n-th attempt. */
export function runId(ticketId: string, attempt: number): string {
  return `run_${ticketId.replace(/^tk_/, '')}_${attempt}`;
}
