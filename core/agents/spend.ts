import type { CostRow } from '../runs/run.ts';
import type { Caps } from './caps.ts';

/** What one attempt can cost at most, before it is made; `id` is unique to the attempt. */
export type Claim = Pick<
  CostRow,
  'id' | 'at' | 'role' | 'provider' | 'model' | 'attempt' | 'repair' | 'customId'
> & {
  nanoUsd: number;
};

/** What an attempt turned out to be. */
export type Outcome = Omit<CostRow, keyof Claim | 'ticketId' | 'runId' | 'reservedNanoUsd'> & {
  nanoUsd: number;
};

/** One run's money. Settled and reserved together never exceed any cap, however many ask at once. */
export interface Purse {
  /** Nano-dollars that the next call may cost at most, and the cap that says so. */
  left(at: Date): Promise<{ nanoUsd: number; of: keyof Caps }>;
  /** Sets money aside, once per claim. Throws `OverBudget` when a cap has too little left. */
  reserve(claim: Claim): Promise<void>;
  /** Puts what an attempt cost in the place of what was set aside for it; only the first outcome counts. */
  settle(claim: Claim, outcome: Outcome): Promise<void>;
}

/** Every organization's money for models. */
export interface Spend {
  caps(org: string): Promise<Caps>;
  setCaps(org: string, caps: Caps): Promise<void>;
  purse(org: string, runId: string): Purse;
  /** Charges, as `unknown`, what was set aside before `before` and never settled: whoever made those attempts is gone. Batches go on by themselves. */
  abandon(org: string, runId: string, before: Date): Promise<number>;
  /** Everything settled on a day (UTC), oldest first; what was set aside over an hour ago and never settled is `unknown`. */
  rows(org: string, day: string, now: Date): Promise<CostRow[]>;
  /** The same of every organization, in a span of time. Reads every cost there ever was: for once a day. */
  everybodys(from: Date, to: Date, now: Date): Promise<CostRow[]>;
}
