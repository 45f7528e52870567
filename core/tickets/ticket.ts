import * as z from 'zod/mini';
import { Account } from '../people/account.ts';

/** A link that a page may show: `javascript:` and the like are URLs too, and are refused. */
export const WebUrl = z.url({ protocol: /^https?$/ });

export const Source = z.enum(['github', 'jira', 'slack', 'erp', 'hotglue', 'rest', 'drift']);
export type Source = z.infer<typeof Source>;

export const TicketType = z.enum([
  'bug',
  'feature',
  'enhancement',
  'question',
  'task',
  'new_integration',
  'schema_drift',
  'incident',
]);
export type TicketType = z.infer<typeof TicketType>;

export const Priority = z.enum(['critical', 'high', 'medium', 'low']);
export type Priority = z.infer<typeof Priority>;

/**
 * Where a ticket stands. `in_review` waits for the forge; `merged`, `closed`, `answered`, `declined`, `escalated`,
 * `failed` and `cancelled` are final.
 */
export const TicketStatus = z.enum([
  'received',
  'triaging',
  'diagnosing',
  'awaiting_approval',
  'implementing',
  'verifying',
  'in_review',
  'merged',
  'closed',
  'answered',
  'declined',
  'escalated',
  'failed',
  'cancelled',
]);
export type TicketStatus = z.infer<typeof TicketStatus>;

/** A request as its source told it, in our words. Times are ISO 8601 in UTC. */
export const Draft = z.object({
  org: z.string().check(z.minLength(1), z.maxLength(64)),
  source: Source,
  /** Unique within the source: `ETL-142`, `acme/tap-orders#7`, the ERP's own id. */
  externalId: z.string().check(z.minLength(1), z.maxLength(200)),
  url: z.optional(WebUrl),
  title: z.string().check(z.minLength(1), z.maxLength(300)),
  body: z.string().check(z.maxLength(60_000)),
  reporter: z.object({
    name: z.string().check(z.maxLength(200)),
    email: z.optional(z.email()),
    account: z.optional(Account),
  }),
  labels: z.array(z.string().check(z.maxLength(100))).check(z.maxLength(50)),
  /** What the source itself says it concerns: a component, a module, a repository's full name. Used to find the repository. */
  concerns: z.array(z.string().check(z.maxLength(200))).check(z.maxLength(20)),
  type: z.optional(TicketType),
  priority: z.optional(Priority),
  metadata: z.optional(z.record(z.string(), z.unknown())),
  openedAt: z.iso.datetime(),
  /** When the source last changed it, by the source's own clock. */
  changedAt: z.optional(z.iso.datetime()),
});
export type Draft = z.infer<typeof Draft>;

/** How a ticket was understood, and why. `by` says which step of the cascade was sure enough. */
export const Classification = z.object({
  type: TicketType,
  priority: Priority,
  /** Full name of the repository it concerns, when one is known: `acme/tap-orders`. */
  repository: z.optional(z.string()),
  projectId: z.optional(z.string()),
  role: z.enum(['engineer', 'researcher', 'lead', 'person']),
  complexity: z.enum(['low', 'medium', 'high']),
  /** Of type and repository together. */
  confidence: z.number().check(z.minimum(0), z.maximum(1)),
  /** Of the type alone. */
  typeConfidence: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
  reason: z.string(),
  by: z.enum(['source', 'rule', 'classifier', 'model', 'person', 'none']),
  /** Whether the repository is a person's word, however unsure the type is. */
  isPlaced: z.optional(z.boolean()),
});
export type Classification = z.infer<typeof Classification>;

export const RootCause = z.enum([
  'auth_expiry',
  'rate_limit',
  'schema_change',
  'data_quality',
  'config_mismatch',
  'dependency',
  'code_error',
  'upstream',
  'unknown',
]);

/** What the lead found. Every evidence id names something that was really gathered (log lines, files, tickets). */
export const Diagnosis = z.object({
  rootCause: RootCause,
  confidence: z.number().check(z.minimum(0), z.maximum(1)),
  summary: z.string().check(z.maxLength(4_000)),
  evidence: z.array(
    z.object({ id: z.string(), what: z.string(), excerpt: z.string().check(z.maxLength(2_000)) }),
  ),
  plan: z.array(z.string().check(z.maxLength(500))).check(z.maxLength(20)),
  files: z.array(z.string()).check(z.maxLength(50)),
});
export type Diagnosis = z.infer<typeof Diagnosis>;

export const PullRequestLink = z.object({
  url: WebUrl,
  number: z.int().check(z.positive()),
  repository: z.string(),
  branch: z.string(),
  headSha: z.string(),
});
export type PullRequestLink = z.infer<typeof PullRequestLink>;

/** What somebody wrote under the request, at its source. */
export const Comment = z.object({
  /** Unique within the ticket. */
  id: z.string().check(z.minLength(1), z.maxLength(100)),
  at: z.iso.datetime(),
  by: z.string().check(z.maxLength(200)),
  text: z.string().check(z.maxLength(2_000)),
});
export type Comment = z.infer<typeof Comment>;

/** Why the last run failed, in the classes that retries follow: see `core/queue/retry.ts`. */
export const Failure = z.object({
  kind: z.enum(['transient', 'service', 'user', 'defect']),
  error: z.string(),
  /** The last of them. */
  runId: z.string(),
  /** Runs that failed one after the other, this one too. */
  attempts: z.int(),
  at: z.iso.datetime(),
  /** When it is tried again by itself; a dead letter has none. */
  retryAt: z.optional(z.iso.datetime()),
});
export type Failure = z.infer<typeof Failure>;

export const Ticket = z.extend(Draft, {
  /** `tk_` and 16 hex digits of the hash of organization, source and external id: the same request is the same ticket. */
  id: z.string(),
  status: TicketStatus,
  /** For people, when `escalated`, `failed` or `declined`: what happened and what to do next. */
  reason: z.optional(z.string()),
  /** While it is tried again, or once it is a dead letter: `status` is then `failed`. */
  failure: z.optional(Failure),
  classification: z.optional(Classification),
  diagnosis: z.optional(Diagnosis),
  pullRequest: z.optional(PullRequestLink),
  /** Reviews and comments on the pull request that ask for something, by their ids at the forge, in the order they came. */
  reviews: z.optional(z.array(z.string())),
  /** How many of them have been dealt with. */
  reviewed: z.optional(z.int()),
  runId: z.optional(z.string()),
  /** Whether it is still open where it came from, as far as we were told. */
  atSource: z.optional(z.enum(['open', 'closed'])),
  /** The newest ones, oldest first. */
  comments: z.optional(z.array(Comment)),
  /** When work on it began, the first time. */
  begunAt: z.optional(z.iso.datetime()),
  /** When it was last handed on again because nobody had begun with it. */
  handedOnAt: z.optional(z.iso.datetime()),
  /** The ticket that says the same, when a person merged this one into it. */
  duplicateOf: z.optional(z.string()),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Counts changes; every write is conditional on it or on the status. */
  version: z.int().check(z.nonnegative()),
});
/** A draft that we have accepted and numbered. */
export type Ticket = z.infer<typeof Ticket>;

const FINAL: readonly TicketStatus[] = [
  'merged',
  'closed',
  'answered',
  'declined',
  'escalated',
  'failed',
  'cancelled',
];

/** Whether nothing more will happen to a ticket by itself. */
export function isFinal(status: TicketStatus): boolean {
  return FINAL.includes(status);
}
