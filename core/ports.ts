import type { Notice } from './notice.ts';
import type { Project } from './projects/project.ts';
import type { CostRow, Instruction, Run, RunLine } from './runs/run.ts';
import type { Source, Ticket, TicketStatus } from './tickets/ticket.ts';

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
  limit: number;
  cursor?: string;
}

export interface Tickets {
  /**
   * Stores the delivery and the ticket in one transaction, once: a second delivery of the same id, the same body or
   * the same external id answers the ticket that is already there with `created: false`, and changes nothing.
   */
  accept(ticket: Ticket, delivery: Delivery): Promise<{ ticket: Ticket; created: boolean }>;
  /** Counts a refused delivery per organization, source, reason and day; keeps nothing else of it. */
  countRefused(org: string, source: Source, reason: string): Promise<void>;
  find(org: string, id: string): Promise<Ticket | undefined>;
  /** Newest first. */
  list(org: string, query: TicketQuery): Promise<TicketPage>;
  /** Changes a ticket if its status is one of `from`; otherwise answers it unchanged with `changed: false`. */
  advance(
    org: string,
    id: string,
    from: readonly TicketStatus[],
    change: Partial<Ticket>,
  ): Promise<{ ticket: Ticket; changed: boolean }>;
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
}

export interface Projects {
  find(org: string, id: string): Promise<Project | undefined>;
  list(org: string): Promise<Project[]>;
  put(project: Project): Promise<void>;
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
}

/** Where other parts hear of what happened. Throws `Unavailable` when the event was not taken. */
export interface Bus {
  publish(type: string, detail: object): Promise<void>;
}

export interface Machines {
  /** Starts an execution; one of this name that was started before, even if it has ended, is left alone. */
  start(machineArn: string, name: string, input: object): Promise<void>;
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
