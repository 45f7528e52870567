import { Fault } from '#core/fault.ts';
import { parse } from '#core/parse.ts';
import type { Runs, TicketQuery, Tickets } from '#core/ports.ts';
import type { Limits } from '#core/queue/limits.ts';
import type { Queue } from '#core/queue/ports.ts';
import { standingOf } from '#core/queue/view.ts';
import type { Outbox } from '#core/tickets/answer.ts';
import { issueOf, jobOf } from '#core/tickets/issue.ts';
import { IssueFilters } from '#core/tickets/openapi.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import type { Likeness } from '#core/triage/ports.ts';
import type { Similar } from '#core/triage/similar.ts';
import type { Request } from './http.ts';

interface Asked {
  tickets: Pick<Tickets, 'find' | 'list'>;
  runs: Pick<Runs, 'find' | 'lines' | 'costs'>;
  queue: Pick<Queue, 'counts' | 'waiting' | 'held' | 'find' | 'ahead'>;
  limits: Limits;
  likeness: Pick<Likeness, 'links'>;
  outbox: Pick<Outbox, 'answers'>;
  publicUrl: string;
  org: string;
  id: string;
  query: Request['query'];
}

/** A page of tickets, the newest first. */
export function ticketList({ tickets, org, query }: Asked) {
  return tickets.list(org, parse(IssueFilters, query) satisfies TicketQuery);
}

/** The same as its senders know them. */
export async function issueList(asked: Asked) {
  const { tickets: found, cursor } = await ticketList(asked);
  return { issues: found.map((one) => issueOf(one, asked.publicUrl)), cursor };
}

async function found({ tickets, org, id }: Asked): Promise<Ticket> {
  const one = await tickets.find(org, id);
  if (!one) throw new Fault('NotFound', `There is no ticket ${id}`);
  return one;
}

/** One with its job, the job's log, and where it stands in the queue. */
export async function oneIssue(asked: Asked) {
  const one = await found(asked);
  const { runs, org, publicUrl } = asked;
  const job = one.runId ? await runs.find(org, one.runId) : undefined;
  const log = job ? await runs.lines(org, job.id) : [];
  const standing = job && (await standingOf(org, job.id, asked));
  return { ...issueOf(one, publicUrl), ...standing, job: jobOf(job, log) };
}

/** One with its last run, what that cost, what is like it, and where it was answered. */
export async function oneTicket(asked: Asked) {
  const one = await found(asked);
  const { runs, outbox, org } = asked;
  const [last, similar, answers] = await Promise.all([
    one.runId ? runs.find(org, one.runId) : undefined,
    similarTo(one, asked),
    outbox.answers(one),
  ]);
  const costs = last ? await runs.costs(org, last.id) : [];
  return { ticket: one, runs: last ? [last] : [], costs, similar, answers };
}

/** The tickets that are like it, with why. */
async function similarTo({ id }: Ticket, { tickets, likeness, org }: Asked): Promise<Similar[]> {
  const links = await likeness.links(org, id);
  const found = await Promise.all(links.map((link) => tickets.find(org, link.ticketId)));
  return links.flatMap((link, at) => {
    const other = found[at];
    return other ? [{ ...link, externalId: other.externalId, title: other.title, status: other.status }] : [];
  });
}

/** A run with its costs. */
export async function oneRun({ runs, org, id }: Asked) {
  const one = await runs.find(org, id);
  if (!one) throw new Fault('NotFound', `There is no run ${id}`);
  return { run: one, costs: await runs.costs(org, id) };
}

/** A run's log after a line. */
export async function runLines({ runs, org, id, query }: Asked) {
  const found = await runs.lines(org, id, query.after?.slice(0, 200));
  return { lines: found, after: found.at(-1)?.id ?? query.after };
}

/** Over the hundred newest tickets: counts by status, and what their runs have cost. */
export async function summary({ tickets, runs, org }: Asked) {
  const { tickets: newest } = await tickets.list(org, { limit: 100 });
  const byStatus: Record<string, number> = {};
  for (const { status } of newest) byStatus[status] = (byStatus[status] ?? 0) + 1;
  const rows = await Promise.all(newest.map(({ runId }) => runId && runs.find(org, runId)));
  const spentNanoUsd = rows.reduce((sum, row) => sum + (row ? row.spentNanoUsd : 0), 0);
  return { byStatus, spentNanoUsd };
}
