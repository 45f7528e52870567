import { type Run, type RunLine, runId } from '../runs/run.ts';
import type { Ticket } from './ticket.ts';

/** A ticket as those see it who sent it through the API. */
export function issueOf(ticket: Ticket, publicUrl: string) {
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
    trackingUrl: `${publicUrl.replace(/\/+$/, '')}/tickets/${id}`,
    createdAt: ticket.createdAt,
    updatedAt: ticket.updatedAt,
  };
}

/** How far the work on an issue is, with its newest log lines; nothing before the work has begun. */
export function jobOf(run: Run | undefined, lines: RunLine[]) {
  if (!run) return undefined;
  const { id, status, stage, percent, doing, startedAt, endedAt } = run;
  const log = lines.slice(-100).map(({ at, who, level, text }) => ({ at, who, level, text }));
  return { id, status, stage, progress: percent, currentStep: doing, startedAt, endedAt, log };
}
