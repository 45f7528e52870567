import type { Facts } from '../actions/facts.ts';
import type { ActivePolicy, Budget, PolicyDocument } from './policy.ts';

/** Policies of organizations. */
export interface Policies {
  /** The policy that holds now; the product's own while an organization has none. */
  active(org: string): Promise<ActivePolicy>;
  /** The canonical text of the policy with a hash, if it ever held here. */
  text(org: string, hash: string): Promise<string | undefined>;
  /** The same as it was written, for people to read and go on from. */
  stored(org: string): Promise<StoredPolicy>;
  /** The freeze that holds, if one does. */
  frozen(org: string): Promise<Freeze | undefined>;
  /** From now on nothing happens without people; frozen already, it stays so since then. */
  freeze(org: string, freeze: Freeze): Promise<void>;
  /** Ends the freeze that began at a moment, if it is still that one. */
  unfreeze(org: string, since: string): Promise<boolean>;
  /** Puts a policy in the place of `replaces`; answers whether that one was still active, or this one is already. */
  activate(org: string, next: NewPolicy): Promise<boolean>;
}

/** What policy alone has let through, without a person having looked. */
export interface Budgets {
  /** Of each budget within its window. */
  spent(org: string, budgets: readonly Budget[], now: Date): Promise<Spent>;
}

/** Somebody pulled the brake. */
export interface Freeze {
  at: string;
  by: string;
  reason: string;
}

export interface StoredPolicy {
  version: number;
  hash: string;
  document: PolicyDocument;
  /** The file; none for the product's own. */
  text?: string | undefined;
}

export interface NewPolicy {
  replaces: number;
  document: PolicyDocument;
  /** The file as written. */
  text: string;
  /** The action that was approved. */
  actionId: string;
  at: string;
}

export interface Spent {
  /** By `budgetKey`. */
  spent: Readonly<Record<string, number>>;
  /** What an action with these facts adds, to be written with it. */
  using(facts: Facts): Use[];
}

/** Part of a budget that an action uses up: it counts if the budget is still as it was read. */
export interface Use {
  org: string;
  /** As `budgetKey` says it. */
  budget: string;
  /** Sums by the number of their time slice; what has left the window is dropped. */
  slices: Record<string, number>;
  version: number;
}
