import * as z from 'zod/mini';
import { Priority } from '../tickets/ticket.ts';

/** A run's place in the queue, from its first wait to its end. One that has ended stays so for ever. */
export const Place = z.object({
  org: z.string(),
  runId: z.string(),
  ticketId: z.string(),
  /** The execution that waits, or works. */
  executionArn: z.string(),
  /** What it waits to do: begin, answer a review, or build what was approved. */
  kind: z.enum(['start', 'review', 'resume']),
  priority: Priority,
  arrivedAt: z.iso.datetime(),
  /** Sorts the queue of an organization: see {@link rankOf}. */
  rank: z.string(),
  /** `held`: it has a slot. `away`: a person decides, and it has none. */
  state: z.enum(['waiting', 'held', 'away', 'ended']),
  /** Counts the slots that it was given: whoever gives one back names it, so that nobody gives back a later one. */
  grant: z.int(),
  /** Whoever waits for the slot hears of it by these; all but the newest may be closed. */
  tokens: z.array(z.string()),
  /** When it came into this state. */
  since: z.iso.datetime(),
  /** When it was told that it has its slot. */
  wokenAt: z.optional(z.iso.datetime()),
  /** Counts changes; every write is conditional on it. */
  version: z.int(),
});
export type Place = z.infer<typeof Place>;

/**
 * Hours that a ticket of a priority lets others pass: Jackson's urgency numbers. A ticket's rank is its arrival and its
 * number, so all of them age alike, the order of two never changes, and whoever arrives that much later does not pass.
 */
const URGENCY: Record<Priority, number> = { critical: 0, high: 0.5, medium: 2, low: 8 };

/** Where a ticket stands: the smallest goes first. First in, first out within a priority, and never overtaken for ever. */
export function rankOf({
  priority,
  arrivedAt,
  runId,
}: Pick<Place, 'priority' | 'arrivedAt' | 'runId'>): string {
  const due = Date.parse(arrivedAt) + URGENCY[priority] * 3_600_000;
  return `${new Date(due).toISOString()}#${arrivedAt}#${runId}`;
}
