import type { Signed } from './checkpoint.ts';
import type { HeadNode } from './heads.ts';
import type { Frontier, Nodes, Subtree } from './merkle.ts';

/** An entry's place in its organization's sequence, which is its leaf in the tree. */
export interface Place {
  /** Counted from 0, without gaps. */
  index: number;
  actionId: string;
  /** The entry's number in its action's chain. */
  seq: number;
  hash: string;
  at: string;
}

/** Something that cannot happen to a ledger which is only appended to. */
export interface Alarm {
  /** The same for the same happening, so that it is told once. */
  id: string;
  org: string;
  /** The key of the entry that was touched. */
  entry: string;
  what: string;
  at: string;
}

/** One order over all entries of an organization. */
export interface Sequence {
  find(org: string, actionId: string, seq: number): Promise<Place | undefined>;
  /** Gives an entry the next place, once; answers whether it was given one now. */
  append(org: string, entry: Omit<Place, 'index'>): Promise<boolean>;
  /** Keeps an alarm for people to look at. */
  alarm(alarm: Alarm): Promise<void>;
}

/** How far an organization's tree has grown. */
export interface Growth {
  frontier: Frontier;
  /** Root of the trie over the last entries. */
  heads: string;
  signed: Signed;
  /** Whether the checkpoint is where nobody can change it. */
  isArchived: boolean;
}

/** The trees over sequences: what has been grown, kept so that nothing is hashed twice. */
export interface Trees {
  growth(org: string): Promise<Growth | undefined>;
  /** Places from an index on, in order. */
  places(org: string, from: number, most: number): Promise<Place[]>;
  headNode(org: string, hash: string): Promise<HeadNode>;
  /** Keeps nodes that will never change; twice is once. */
  keep(org: string, full: readonly Subtree[], heads: ReadonlyMap<string, HeadNode>): Promise<void>;
  /** Writes the next checkpoint if the tree still has the size that it was made from; answers whether it had. */
  advance(org: string, from: number, next: Omit<Growth, 'isArchived'>): Promise<boolean>;
  archived(org: string, size: number): Promise<void>;
  /** The smallest checkpoint of at least a size. */
  covering(org: string, size: number): Promise<Signed | undefined>;
  /** The root of a full subtree that a checkpoint covers. */
  node(org: string): Nodes;
}

/** The key that checkpoints are signed with. It never leaves where it is kept. */
export interface Signer {
  sign(text: string): Promise<Signed>;
}

/** Where checkpoints are kept so that nobody can change or delete them. */
export interface Archive {
  /** Once; the same again is fine, another of that size throws `Conflict`. */
  put(org: string, size: number, signed: Signed): Promise<void>;
  /** Sizes of what is locked away, ascending, by organization. */
  list(): Promise<Map<string, number[]>>;
  /** A checkpoint, if nobody can change it. */
  find(org: string, size: number): Promise<Signed | undefined>;
}
