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
