import type { Sealed } from '../ledger.ts';
import type { Notice } from '../notice.ts';
import type { Use } from '../policy/ports.ts';
import type { Approval } from './approval.ts';
import type { Refusal, Vote } from './decide.ts';
import type { Step } from './step.ts';

/** What is written with a question, or not at all. */
export interface Along {
  uses?: readonly Use[];
  /** At most {@link TOLD_AT_ONCE} are written; the rest are posted after it. */
  notices?: readonly Notice[];
}

/** Makes the changed request of the approval as it is now. */
export type Change = (approval: Approval) => Promise<Modification>;

/** What a changed request is stored as. */
export interface Modification {
  /** The bytes of the new revision. */
  payload: string;
  /** One per ledger entry, each from the one before. */
  steps: [Step, ...Step[]];
  /** The vote for the new revision; none when the change goes beyond what was asked, so that others must decide. */
  vote?: Vote | undefined;
  notices: readonly Notice[];
}

/** Notices that fit into a transaction beside everything else. */
export const TOLD_AT_ONCE = 50;

export type Outcome =
  | { approval: Approval; repeated: boolean; refusal?: undefined }
  | { approval: Approval; refusal: Refusal };

/** Where questions and their answers are kept. The store decides races: whatever a caller saw, its condition holds or nothing changes. */
export interface Approvals {
  /**
   * Stores the question, its payload's bytes, its first ledger entry, what it uses up of budgets and what people are to
   * be told together, once; answers the stored question. Throws `Unavailable` when a budget was used by somebody else since it was read, and
   * `TooMany` beyond {@link MAX_PER_MINUTE} questions of one requester.
   */
  propose(step: Step, payload: string, along?: Along): Promise<Approval>;
  find(org: string, id: string): Promise<Approval | undefined>;
  /** The exact bytes that a revision's hash is over. */
  payload(org: string, id: string, revision: number): Promise<string | undefined>;
  /**
   * Counts a vote in one transaction with the vote, the link's use, the form's use and the ledger entry. With `change`,
   * the request is changed first, in the same transaction, and the vote is for what it then says. Throws `NotFound`.
   */
  decide(org: string, id: string, vote: Vote, now: Date, change?: Change): Promise<Outcome>;
  /** Writes a step if the approval is still as the step saw it; answers whether it was. */
  take(before: Approval, step: Step): Promise<boolean>;
  /** Pending in an organization, the most urgent first. */
  inbox(org: string): Promise<Approval[]>;
  /** Whatever was asked in an organization, the newest first. Throws `Invalid` for a cursor that it did not give. */
  history(org: string, past: Past): Promise<History>;
  /** Settled but not yet heard of by their machine, in every organization. */
  unheard(): Promise<Approval[]>;
  /** Approved for somebody who has not said yet what came of it, in every organization. */
  unfinished(): Promise<Approval[]>;
  /** Still pending, in every organization. */
  pending(): Promise<Approval[]>;
  /** Gives up on a machine that will never hear: its execution is gone. The decision stands. */
  orphan(approval: Approval): Promise<void>;
  /** What passkeys have signed to decide it. */
  assertions(org: string, id: string): Promise<string[]>;
  /** The chain of an action, in order. */
  ledger(org: string, id: string): Promise<Sealed[]>;
}

/** Which part of what was asked; without `from`, all of it. */
export interface Past {
  from?: string | undefined;
  type?: string | undefined;
  /** Leaves out what still waits. */
  isSettled?: boolean;
  /** Leaves out what policy settled from the start. */
  byPeople?: boolean;
  limit: number;
  cursor?: string | undefined;
}

export interface History {
  approvals: Approval[];
  /** Where to go on; none at the end. */
  cursor?: string;
}

/** Questions that one requester may ask in a minute: people who are asked too often stop reading. */
export const MAX_PER_MINUTE = 20;

/** A link as it was sent. Its token is never stored. */
export interface Link {
  org: string;
  /** SHA-256 of the token's id, hex. */
  hash: string;
  approvalId: string;
  revision: number;
  approver: string;
  round: number;
  expiresAt: string;
}

/** Wrong codes after which a link is locked. */
export const CODE_TRIES = 5;

export interface StoredLink extends Link {
  /** Codes typed so far, right or wrong. */
  tries?: number | undefined;
  openedAt?: string | undefined;
  usedAt?: string | undefined;
  revokedAt?: string | undefined;
}

export interface Links {
  /** Remembers a link that is about to be sent; a second time changes nothing. */
  issue(link: Link): Promise<void>;
  find(org: string, hash: string): Promise<StoredLink | undefined>;
  /** Notes the first opening. This and `look` are the only writes that a GET may cause. */
  open(org: string, hash: string, at: string): Promise<void>;
  /** Notes that somebody saw a request without a link, once. */
  look(view: { org: string; approvalId: string; approver: string; at: string }): Promise<void>;
  revoke(org: string, hash: string, at: string): Promise<void>;
  /** Counts a typed code before it is looked at; answers how many are left after it, or nothing when none was left. */
  attempt(org: string, hash: string): Promise<number | undefined>;
}

/** Task tokens of machines that wait. Only the dispatcher reads them. */
export interface Waits {
  register(wait: Wait): Promise<void>;
  find(org: string, approvalId: string): Promise<Wait | undefined>;
}

export interface Wait {
  org: string;
  approvalId: string;
  token: string;
  executionArn: string;
}
