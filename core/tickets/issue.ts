import * as z from 'zod/mini';
import { type Run, type RunLine, runId } from '../runs/run.ts';
import { Priority, Source, type Ticket, TicketStatus, TicketType } from './ticket.ts';

/** What the sender of an issue hears at once. */
export const Accepted = z.object({
  id: z.string(),
  status: TicketStatus,
  /** The run that works on it, or will. */
  jobId: z.string(),
  /** Seconds until work on it begins, by where it stands and how long runs take; null while none was measured. */
  estimatedWait: z.nullable(z.int()),
  trackingUrl: z.url(),
});
export type Accepted = z.infer<typeof Accepted>;

/** A ticket as those see it who sent it through the API. */
export const Issue = z.object({
  id: z.string(),
  externalId: z.string(),
  source: Source,
  status: TicketStatus,
  /** What happened and what to do next, where it has ended. */
  reason: z.optional(z.string()),
  title: z.string(),
  url: z.optional(z.url()),
  type: z.optional(TicketType),
  priority: z.optional(Priority),
  repository: z.optional(z.string()),
  pullRequest: z.optional(z.object({ url: z.url(), number: z.int() })),
  jobId: z.string(),
  trackingUrl: z.url(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Issue = z.infer<typeof Issue>;

/** How far the work on an issue is, with its newest log lines. */
export const Job = z.object({
  id: z.string(),
  status: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
  stage: z.string(),
  /** Percent. */
  progress: z.int().check(z.minimum(0), z.maximum(100)),
  currentStep: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.optional(z.iso.datetime()),
  log: z.array(z.object({ at: z.iso.datetime(), who: z.string(), level: z.string(), text: z.string() })),
});
export type Job = z.infer<typeof Job>;

/** What the sender hears; `waits` are how long others waited, in milliseconds. */
export function acceptedOf(
  { id, status, runId: job }: Ticket,
  { publicUrl, waits }: { publicUrl: string; waits: readonly number[] },
): Accepted {
  const middle = waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)];
  const estimatedWait = middle === undefined ? null : Math.max(0, Math.ceil(middle / 1000));
  return {
    ...{ id, status, estimatedWait },
    jobId: job ?? runId(id, 1),
    trackingUrl: trackingUrl(publicUrl, id),
  };
}

/** An issue as its sender sees it. */
export function issueOf(ticket: Ticket, publicUrl: string): Issue {
  const { id, externalId, source, status, reason, title, url, classification, pullRequest } = ticket;
  return {
    id,
    externalId,
    source,
    status,
    reason,
    title,
    url,
    type: classification?.type ?? ticket.type,
    priority: classification?.priority ?? ticket.priority,
    repository: classification?.repository,
    pullRequest: pullRequest && { url: pullRequest.url, number: pullRequest.number },
    jobId: ticket.runId ?? runId(id, 1),
    trackingUrl: trackingUrl(publicUrl, id),
    createdAt: ticket.createdAt,
    updatedAt: ticket.updatedAt,
  };
}

function trackingUrl(publicUrl: string, id: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/tickets/${id}`;
}

/** Nothing before the work has begun. */
export function jobOf(run: Run | undefined, lines: RunLine[]): Job | undefined {
  if (!run) return undefined;
  const { id, status, stage, percent, doing, startedAt, endedAt } = run;
  const log = lines.slice(-100).map(({ at, who, level, text }) => ({ at, who, level, text }));
  return { id, status, stage, progress: percent, currentStep: doing, startedAt, endedAt, log };
}
