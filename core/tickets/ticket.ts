import * as z from 'zod';

/** A link that a page may show: `javascript:` and the like are URLs too, and are refused. */
export const WebUrl = z.url({ protocol: /^https?$/ });

export const Source = z.enum(['github', 'jira', 'slack', 'erp', 'rest', 'drift']);
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
  org: z.string().min(1).max(64),
  source: Source,
  /** Unique within the source: `ETL-142`, `acme/tap-orders#7`, the ERP's own id. */
  externalId: z.string().min(1).max(200),
  url: WebUrl.optional(),
  title: z.string().min(1).max(300),
  body: z.string().max(60_000),
  reporter: z.object({ name: z.string().max(200), email: z.email().optional() }),
  labels: z.array(z.string().max(100)).max(50),
  /** What the source itself says it concerns: a component, a module, a repository's full name. Used to find the repository. */
  concerns: z.array(z.string().max(200)).max(20),
  type: TicketType.optional(),
  priority: Priority.optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  openedAt: z.iso.datetime(),
});
export type Draft = z.infer<typeof Draft>;

/** How a ticket was understood, and why. `by` says which step of the cascade was sure enough. */
export const Classification = z.object({
  type: TicketType,
  priority: Priority,
  /** Full name of the repository it concerns, when one is known: `acme/tap-orders`. */
  repository: z.string().optional(),
  projectId: z.string().optional(),
  role: z.enum(['engineer', 'researcher', 'lead', 'person']),
  complexity: z.enum(['low', 'medium', 'high']),
  confidence: z.number().min(0).max(1),
  reason: z.string(),
  by: z.enum(['source', 'rule', 'model', 'none']),
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
  confidence: z.number().min(0).max(1),
  summary: z.string().max(4_000),
  evidence: z.array(z.object({ id: z.string(), what: z.string(), excerpt: z.string().max(2_000) })),
  plan: z.array(z.string().max(500)).max(20),
  files: z.array(z.string()).max(50),
});
export type Diagnosis = z.infer<typeof Diagnosis>;

export const PullRequestLink = z.object({
  url: WebUrl,
  number: z.int().positive(),
  repository: z.string(),
  branch: z.string(),
  headSha: z.string(),
});
export type PullRequestLink = z.infer<typeof PullRequestLink>;

export const Ticket = Draft.extend({
  /** `tk_` and 16 hex digits of the hash of organization, source and external id: the same request is the same ticket. */
  id: z.string(),
  status: TicketStatus,
  /** For people, when `escalated`, `failed` or `declined`: what happened and what to do next. */
  reason: z.string().optional(),
  classification: Classification.optional(),
  diagnosis: Diagnosis.optional(),
  pullRequest: PullRequestLink.optional(),
  runId: z.string().optional(),
  similarTo: z.array(z.string()).optional(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Counts changes; every write is conditional on it or on the status. */
  version: z.int().nonnegative(),
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
