import type { Notice } from './notice.ts';
import type { Project } from './projects/project.ts';
import type { Ask } from './runs/review.ts';
import type { CostRow, Instruction, Run, RunLine } from './runs/run.ts';
import type { Source, Ticket, TicketStatus } from './tickets/ticket.ts';
import type { Told } from './tickets/told.ts';

/** What the core needs from the outside. Adapters implement these; tests use in-memory ones under the same contract. */
export interface Clock {
  now(): Date;
}

/** A delivery as it arrived: kept whole, so that it can be read again after a fix. */
export interface Delivery {
  org: string;
  source: Source;
  /** Unique within organization and source: the provider's delivery id, or a hash of the body where it has none. */
  id: string;
  /** SHA-256 of the raw bytes, hex. */
  bodyHash: string;
  headers: Record<string, string>;
  /** The raw bytes, base64. */
  body: string;
  receivedAt: string;
}

export interface TicketPage {
  tickets: Ticket[];
  /** Hand it back to go on; absent on the last page. */
  cursor?: string;
}

export interface TicketQuery {
  status?: TicketStatus;
  type?: string;
  priority?: string;
  source?: Source;
  /** What the source says it concerns, or the repository it was found to be in. */
  module?: string;
  /** In the title, the body or the external id, without regard to case. */
  text?: string;
  /** Created at or after, and before. */
  from?: string;
  to?: string;
  limit: number;
  cursor?: string;
}

/** What became of a delivery that was genuine. Only `ticket`, `update`, `stale` and `early` ones are not done again when they come again. */
export type DeliveryOutcome =
  | 'ticket'
  | 'update'
  /** News of a ticket that knows newer. */
  | 'stale'
  /** News of something that was not told yet: it waits for that. */
  | 'early'
  /** The same thing was told before, in other words or by another way. */
  | 'known'
  /** About what we did, not about a request: a pull request of ours was merged. */
  | 'event'
  | 'ignored'
  | 'malformed';

/** A kept delivery without its body. */
export interface KeptDelivery extends Omit<Delivery, 'body'> {
  outcome: DeliveryOutcome;
  /** Why, where the outcome does not say. */
  why?: string;
  ticketId?: string;
}

export interface DeliveryQuery {
  source?: Source;
  outcome?: DeliveryOutcome;
  limit: number;
  cursor?: string;
}

export interface Deliveries {
  /** Newest first. */
  list(org: string, query: DeliveryQuery): Promise<{ deliveries: KeptDelivery[]; cursor?: string }>;
  find(
    org: string,
    source: Source,
    id: string,
  ): Promise<{ kept: KeptDelivery; delivery: Delivery } | undefined>;
}

/** What a transaction made of a delivery. */
export interface Accepted {
  ticket: Ticket;
  created: boolean;
  /** Whether this very delivery had been taken before. */
  isSeen?: boolean;
}

export interface Tickets {
  /**
   * Stores the delivery and the ticket in one transaction, once: a second delivery of the same id, the same body, the
   * same external id or the same URL answers the ticket that is already there with `created: false`, and changes
   * nothing. A new ticket knows what was told of it before.
   */
  accept(ticket: Ticket, delivery: Delivery): Promise<Accepted>;
  /** Stores the delivery and what it changes in one transaction, once. Without a ticket it waits for the ticket to come. */
  follow(told: Told, delivery: Delivery): Promise<{ ticket?: Ticket; outcome: DeliveryOutcome }>;
  /** Stores a delivery that changes no ticket; a later `accept` or `follow` of the same bytes counts as the first. */
  keep(delivery: Delivery, how: { outcome: DeliveryOutcome; why?: string; ticketId?: string }): Promise<void>;
  /** Has a ticket that nobody has begun with handed on again. */
  handOn(org: string, id: string): Promise<void>;
  /** Counts a refused delivery per organization, source, reason and day; keeps nothing else of it. */
  countRefused(org: string, source: Source, reason: string): Promise<void>;
  find(org: string, id: string): Promise<Ticket | undefined>;
  /** Newest first. */
  list(org: string, query: TicketQuery): Promise<TicketPage>;
  /** How long the newest twenty tickets that were begun with had waited for it, in milliseconds. */
  waits(org: string): Promise<number[]>;
  /** Changes a ticket if its status is one of `from`; otherwise answers it unchanged with `changed: false`. */
  advance(
    org: string,
    id: string,
    from: readonly TicketStatus[],
    change: Partial<Ticket>,
  ): Promise<{ ticket: Ticket; changed: boolean }>;
  /** Remembers that somebody asks for something on the ticket's pull request, once; false when it was known, or is too much. */
  addReview(org: string, id: string, ref: string): Promise<boolean>;
  /** The ticket whose pull request this is. */
  findByPullRequest(org: string, repository: string, number: number): Promise<Ticket | undefined>;
}

export interface Runs {
  /** Stores the run unless it is there; answers the stored one. */
  open(run: Run): Promise<Run>;
  find(org: string, id: string): Promise<Run | undefined>;
  /** Throws `Gone`, changing nothing, when the run's lease is another than the one given. */
  update(org: string, id: string, change: Partial<Run>, lease?: number): Promise<Run>;
  /** Takes the run over from whoever had it: answers it with a new lease. */
  hold(org: string, id: string): Promise<Run>;
  /** Says something to whoever works on it. Throws `TooMany` when too much was said, `Conflict` when it has ended. */
  instruct(org: string, id: string, instruction: Instruction): Promise<Run>;
  /** Appends to the log; the same line id twice is one line. */
  say(org: string, id: string, line: RunLine): Promise<void>;
  /** In order, after the line `after`. */
  lines(org: string, id: string, after?: string): Promise<RunLine[]>;
  /** What its attempts at models have cost; those that are still under way are not in it. */
  costs(org: string, id: string): Promise<CostRow[]>;
  /** Marks what was paid for answers that only went on in a circle. */
  struck(org: string, id: string, costs: string[]): Promise<void>;
}

export interface Projects {
  find(org: string, id: string): Promise<Project | undefined>;
  list(org: string): Promise<Project[]>;
  put(project: Project): Promise<void>;
  /** Throws `Conflict`, changing nothing, when it is not at the revision that it was read at, or is there though it was not. */
  replace(project: Project): Promise<void>;
}

/** Files of a run (patches, reports, job logs), by key. */
export interface Artifacts {
  put(key: string, body: string | Uint8Array, contentType: string): Promise<void>;
  /** Throws `NotFound`. */
  text(key: string): Promise<string>;
  bytes(key: string): Promise<Uint8Array>;
  /** Keys under a prefix, in order. */
  keys(prefix: string): Promise<string[]>;
}

/** What is sent to people. Stored first (the same id twice is one notice), then delivered by a queue. */
export interface Notices {
  post(notice: Notice): Promise<void>;
}

export interface PullRequest {
  url: string;
  number: number;
  state: 'open' | 'merged' | 'closed';
  headSha: string;
}

/** A git forge, as far as the product needs one. One repository at a time; `ref` is a branch, tag or commit. */
export interface Forge {
  /** Commit at the tip of a branch. Throws `NotFound`. */
  head(branch: string): Promise<string>;
  /** Paths of all files at a commit, with sizes in bytes. */
  files(ref: string): Promise<{ path: string; size: number }[]>;
  read(path: string, ref: string): Promise<string>;
  /** Opens a pull request, or answers the one that this branch already has. */
  openPullRequest(request: {
    branch: string;
    base: string;
    title: string;
    body: string;
  }): Promise<PullRequest>;
  /** Gives a pull request another text. */
  describe(number: number, body: string): Promise<void>;
  /** What a review or a comment (`review/7`, `comment/12`) asks for; nothing when it is gone. */
  asked(number: number, ref: string): Promise<Ask | undefined>;
  /** Whether somebody may change the repository. */
  mayWrite(login: string): Promise<boolean>;
  /** Comments on a pull request, once for each `id`. */
  reply(number: number, comment: { id: string; body: string }): Promise<void>;
}

/** Where other parts hear of what happened. Throws `Unavailable` when the event was not taken. */
export interface Bus {
  publish(type: string, detail: object): Promise<void>;
}

export interface Machines {
  /** Starts an execution; one of this name that was started before, even if it has ended, is left alone. */
  start(machineArn: string, name: string, input: object): Promise<void>;
  /** Ends an execution; one that has ended, or never began, is left alone. */
  stop(machineArn: string, name: string, cause: string): Promise<void>;
  /** Whether an execution goes on; `unknown` when there is none, or it was started a moment ago. */
  state(executionArn: string): Promise<'running' | 'ended' | 'unknown'>;
  /** Answers what waits for a token; `false` when nothing does any more. */
  succeed(token: string, output: object): Promise<boolean>;
  fail(token: string, error: string, cause: string): Promise<boolean>;
  beat(token: string): Promise<boolean>;
}

/** How a delivery stands against its organization's secrets; `unknown` when there are none for this source. */
export type Signed = 'signed' | 'unsigned' | 'unknown';

export interface WebhookSecrets {
  /** Tries `isSigned` with each live secret. Never with an empty one. Throws `Unavailable` when they cannot be read. */
  check(org: string, source: Source, isSigned: (key: string) => boolean): Promise<Signed>;
}
