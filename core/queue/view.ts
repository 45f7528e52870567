import type { Tickets } from '../ports.ts';
import type { Limits } from './limits.ts';
import { outlookOf, waitAt } from './outlook.ts';
import type { Place } from './place.ts';
import type { Queue } from './ports.ts';

/** A run in the queue, as people see it. */
export interface Queued
  extends Pick<Place, 'ticketId' | 'runId' | 'kind' | 'priority' | 'arrivedAt' | 'since'> {
  title: string;
  externalId: string;
}

/** How an organization's queue stands: who works, and who works next. */
export interface QueueView {
  slots: number;
  free: number;
  waitingInAll: number;
  /** Seconds that a run holds its slot, as the newest ones did; null while none was measured. */
  holdsFor: number | null;
  working: Queued[];
  /** The first hundred, in order. */
  waiting: (Queued & { position: number; estimatedWait: number | null })[];
}

interface Needs {
  queue: Pick<Queue, 'counts' | 'waiting' | 'held' | 'find' | 'ahead'>;
  tickets: Pick<Tickets, 'find'>;
  limits: Limits;
}

const MOST = 100;

/** Reads what an organization sees of its own queue, and nothing of another's but how much of the slots they take. */
export async function queueView(org: string, { queue, tickets, limits }: Needs): Promise<QueueView> {
  const [counts, held, waiting] = await Promise.all([
    queue.counts(),
    queue.held(org),
    queue.waiting(org, MOST),
  ]);
  const outlook = outlookOf(org, counts, limits);
  const seen = await Promise.all(
    [...held, ...waiting].map(async (place) => {
      const { title = '', externalId = '' } = (await tickets.find(org, place.ticketId)) ?? {};
      const { ticketId, runId, kind, priority, arrivedAt, since } = place;
      return { ticketId, runId, kind, priority, arrivedAt, since, title, externalId };
    }),
  );
  return {
    slots: limits.of(org),
    free: outlook.free,
    waitingInAll: counts.orgs.find((one) => one.org === org)?.waiting ?? 0,
    holdsFor: outlook.took === undefined ? null : Math.ceil(outlook.took / 1_000),
    working: seen.slice(0, held.length),
    waiting: seen
      .slice(held.length)
      .map((one, at) => ({ position: at + 1, ...one, estimatedWait: waitAt(at + 1, outlook) })),
  };
}

/** Where a run waits and for how many seconds more; nothing when it does not. */
export async function standingOf(
  org: string,
  runId: string,
  { queue, limits }: Omit<Needs, 'tickets'>,
): Promise<{ position: number; estimatedWait: number | null } | undefined> {
  const place = await queue.find(org, runId);
  if (place?.state !== 'waiting') return undefined;
  const [counts, before] = await Promise.all([queue.counts(), queue.ahead(org, place.rank)]);
  return { position: before + 1, estimatedWait: waitAt(before + 1, outlookOf(org, counts, limits)) };
}
