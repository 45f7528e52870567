import * as z from 'zod';
import { Inventory } from './inventory.ts';
import { Sampled } from './sampled.ts';
import { Severity } from './severity.ts';
import { Shape } from './shape.ts';

/** One tap of one organization, to be looked at. */
export const TapRef = z.object({ org: z.string(), projectId: z.string(), repository: z.string() });
export type TapRef = z.infer<typeof TapRef>;

/** Names the taps of this check: all, or one that somebody asked about. The list is a file, since it may be long. */
export const ListTaps = {
  input: z.object({
    check: z.string(),
    /** Nothing named is everything. */
    only: z.object({ org: z.string().optional(), repository: z.string().optional() }),
    /** `daily`: those alone that are looked at every day. */
    schedule: z.enum(['daily', 'weekly']).default('weekly'),
  }),
  output: z.object({ bucket: z.string(), key: z.string(), taps: z.int() }),
};

/** What a tap's container answers. What it saw at that commit is in a file, whose key it does not choose. */
export const Discovered = z.object({
  state: z.literal('discovered'),
  commit: z.string().regex(/^[0-9a-f]{40,64}$/),
});
export type Discovered = z.infer<typeof Discovered>;

/** The catalog of a tap, and under which circumstances it was printed. */
export const Seen = z.object({
  commit: z.string(),
  /** What the catalog was made with; a difference is not the API's doing. */
  made: z
    .object({ sdk: z.string().optional(), python: z.string().optional(), config: z.string().optional() })
    .default({}),
  /** What the code says of where its catalog comes from, and why. */
  discovery: Inventory.shape.discovery.optional(),
  /** What each stream reads and where that is written, as far as the code says. */
  endpoints: z.record(z.string(), z.string()).optional(),
  shape: Shape,
  sampled: Sampled.optional(),
  /** Why a sample that was to be taken says nothing, or not all. */
  unsampled: z.string().optional(),
});
export type Seen = z.infer<typeof Seen>;

/** A catalog that was the state of affairs until the next. */
const Past = Seen.extend({
  /** The check that made it one. */
  check: z.string(),
  at: z.string(),
  because: z.enum(['first', 'merged', 'accepted']),
  /** Places whose breaking changes were told while it was the newest: what adds up there is no news. */
  told: z.array(z.string()),
});
export type Past = z.infer<typeof Past>;

/** All that later catalogs are compared with. */
export const Baseline = z.object({
  /** The check that wrote it. */
  check: z.string(),
  /** Oldest first. */
  past: z.array(Past).min(1),
  /** Changes of the newest that have a ticket. */
  open: z.array(
    z.object({
      ticketId: z.string(),
      ids: z.array(z.string()),
      streams: z.array(z.string()),
      /** It was closed without a merge, and that was told. */
      isClosed: z.literal(true).optional(),
    }),
  ),
  /** What the last samples showed, the newest last. */
  samples: z.array(Sampled),
  /** Changes that only records show, and that a lead has accepted. */
  accepted: z.array(z.string()).optional(),
});
export type Baseline = z.infer<typeof Baseline>;

const State = z.enum(['first', 'same', 'drift', 'unconfirmed', 'rebaselined', 'inconclusive']);

export const RecordCheck = {
  input: TapRef.extend({
    /** Names this check: the same one recorded twice is one. */
    check: z.string(),
    /** When it began. */
    began: z.iso.datetime(),
    /** Whether it is the second look, which confirms what the first saw or shows it to be noise. */
    isSecond: z.boolean(),
    looked: z.discriminatedUnion('state', [
      Discovered,
      /** Why nothing was seen. That is never a drift, and never becomes a baseline. */
      z.object({ state: z.literal('inconclusive'), reason: z.string() }),
    ]),
  }),
  output: z.object({ state: State, ticketId: z.string().optional() }),
};

export const CheckedChange = z.object({
  id: z.string(),
  rule: z.string(),
  severity: Severity,
  /** Whose doing it is. */
  cause: z.enum(['code', 'api', 'dependency', 'configuration']),
  stream: z.string(),
  path: z.string().optional(),
  was: z.string(),
  is: z.string(),
  readers: z.array(z.string()),
  /** Of a schema made of sample rows: probably other rows, not another schema. Never a reason for a ticket. */
  isNoise: z.literal(true).optional(),
  /** Commit of the earlier baseline that small steps have led away from. */
  since: z.string().optional(),
});
export type CheckedChange = z.infer<typeof CheckedChange>;

/** Who made what a check saw the baseline, when and why. */
export const Acceptance = z.object({ by: z.string(), at: z.string(), reason: z.string().optional() });
export type Acceptance = z.infer<typeof Acceptance>;

/** What one check of one tap came to. */
export const CheckRecord = RecordCheck.output.extend({
  org: z.string(),
  projectId: z.string(),
  repository: z.string(),
  check: z.string(),
  began: z.string(),
  at: z.string(),
  commit: z.string().optional(),
  baseline: z.string().optional(),
  reason: z.string().optional(),
  counts: z.object({ breaking: z.int(), warning: z.int(), information: z.int() }),
  changes: z.array(CheckedChange),
  /** Changes that are only in the file, if there are too many. */
  unlisted: z.int().optional(),
  /** Tickets that were closed without a merge, told once: their changes are still there, and no baseline. */
  closed: z.array(z.string()).optional(),
  /** Seen once and not again. */
  unsure: z.array(z.string()).optional(),
  /** What the code said of where the catalog comes from. */
  discovery: Inventory.shape.discovery.optional(),
  /** Version of the table of severities that it was judged by. */
  severities: z.int(),
  /** SHA-256 of the file that its container wrote: a later look at the same commit writes it anew. */
  seen: z.string().optional(),
  accepted: Acceptance.optional(),
});
export type CheckRecord = z.infer<typeof CheckRecord>;

const place = ({ org, repository }: TapRef) => `${org}/${repository}`;

/** Where what is known of a tap is kept. Containers write below `discovered/` only. */
export const keyOf = {
  list: (check: string) => `checks/lists/${check}.json`,
  discovered: (tap: TapRef, commit: string) => `discovered/${place(tap)}/${commit}.json`,
  baseline: (tap: TapRef) => `catalogs/${place(tap)}.json`,
  record: (tap: TapRef) => `checks/${place(tap)}.json`,
};
