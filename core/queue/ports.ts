import type { Clock, Machines, Tickets } from '../ports.ts';
import type { Limits } from './limits.ts';
import type { Place } from './place.ts';

/** How full it is, as counted in the same transactions that fill it. */
export interface Counts {
  held: number;
  orgs: OrgCount[];
}

export interface OrgCount {
  org: string;
  waiting: number;
  held: number;
  /** Milliseconds that its newest slots were held, oldest first. */
  took: number[];
}

export type Arrival = Omit<Place, 'state' | 'grant' | 'tokens' | 'since' | 'rank' | 'wokenAt' | 'version'>;

/** Places of every organization. Each change is one transaction that is refused when the place is not as it was read. */
export interface Queue {
  /**
   * Lets a run wait that has had `grant` slots so far, and remembers by which token it hears. Said again, it stays where
   * it is. Answers its place; nothing when that was asked long ago and is over.
   */
  join(arrival: Arrival, ask: { grant: number; token: string; at: string }): Promise<Place | undefined>;
  /** Gives a waiting place a slot. `taken`: it has moved meanwhile. `full`: no slot is free. */
  hold(place: Place, limits: Limits, at: string): Promise<Place | 'taken' | 'full'>;
  /** Gives back the slot of this grant while a person decides; false when it is not held. */
  leave(org: string, runId: string, ask: { grant: number; at: string }): Promise<boolean>;
  /** Takes a run out, whatever it held; nothing of it comes back. */
  end(org: string, runId: string, at: string): Promise<void>;
  /** Moves a waiting place; false when it does not wait. */
  rerank(org: string, runId: string, change: Pick<Place, 'priority'>): Promise<boolean>;
  /** Notes that the holder of this grant was told. */
  woken(org: string, runId: string, ask: { grant: number; at: string }): Promise<void>;
  find(org: string, runId: string): Promise<Place | undefined>;
  counts(): Promise<Counts>;
  /** In order. What was written in the last moment may be missing, or be as it was. */
  waiting(org: string, limit: number): Promise<Place[]>;
  held(org: string): Promise<Place[]>;
  /** How many wait before a rank. */
  ahead(org: string, rank: string): Promise<number>;
}

export interface QueueNeeds {
  queue: Queue;
  tickets: Pick<Tickets, 'find' | 'advance'>;
  machines: Pick<Machines, 'succeed' | 'state'>;
  limits: Limits;
  clock: Clock;
}
