import type { Acceptance, CheckRecord } from './check.ts';

export interface Checks {
  /** Stores what a check came to; the same check of a tap twice is one. */
  put(record: CheckRecord): Promise<void>;
  /** Notes that the last check of a tap was accepted, once: answers who did. Throws `Conflict` when there is a newer check. */
  accept(record: CheckRecord, acceptance: Acceptance): Promise<Acceptance>;
  /** The last check of every tap of an organization. */
  latest(org: string): Promise<CheckRecord[]>;
  /** A tap's checks, the newest first. */
  history(org: string, repository: string, limit: number): Promise<CheckRecord[]>;
}
