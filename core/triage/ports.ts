import type { Classification, Ticket } from '../tickets/ticket.ts';
import type { Learned } from './adapt.ts';
import type { Correction } from './correction.ts';
import type { ErrorLine, Link, Sketch } from './similar.ts';

/** What an organization has taught its triage. */
export interface Lessons {
  /** Stores the correction and the ticket's new classification together, if the ticket is still of that version; else `Conflict`. */
  correct(correction: Correction, classification: Classification): Promise<Ticket>;
  /** The newest, newest first. */
  corrections(org: string, limit: number): Promise<Correction[]>;
  learned(org: string): Promise<Learned | undefined>;
  /** Puts what was learned in place of the version before it; `false` when another came first. */
  ship(org: string, learned: Learned): Promise<boolean>;
}

/** Duplicates, as people say. */
export interface Merges {
  /** Ends `ticket` as a duplicate of `into`, if neither has been changed or merged meanwhile; else `Conflict`. */
  merge(ticket: Ticket, into: Ticket, change: Partial<Ticket>): Promise<Ticket>;
}

/** Which tickets are like which. Everything here may be written again. */
export interface Likeness {
  /** Keeps what finds this ticket again. */
  remember(org: string, sketch: Sketch, errors: ErrorLine[]): Promise<void>;
  /** Sketches of the newest tickets: as many as are looked through, however many there are. */
  recent(org: string): Promise<Sketch[]>;
  /** The newest tickets with this error. */
  withError(org: string, print: string): Promise<string[]>;
  /** Links a ticket to others, both ways. */
  link(org: string, ticketId: string, links: Link[]): Promise<void>;
  links(org: string, ticketId: string): Promise<Link[]>;
}
