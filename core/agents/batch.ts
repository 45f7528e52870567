/** What was meant to be sent as one batch, written down before it is sent, so that a lost answer does not send it twice. */
export interface BatchIntent {
  /** Ours; the same id is the same batch. */
  id: string;
  at: string;
  count: number;
  /** When the provider was last asked to create it. */
  triedAt?: string;
  /** The provider's, once it is known. */
  batchId?: string;
}

/** Intents of one run. */
export interface BatchIntents {
  /** Stores the intent unless it is there; answers the stored one. */
  intend(intent: BatchIntent): Promise<BatchIntent>;
  tried(id: string, at: string): Promise<void>;
  /** Throws `Conflict` when another intent of the organization has this batch. */
  adopt(id: string, batchId: string): Promise<void>;
  /** Intent ids by the provider's batch ids that have one. */
  ownerOf(batchId: string): Promise<string | undefined>;
}

const WAITS = [60, 120, 300, 600];

/** Seconds until a batch is looked at again, after so many looks: soon at first, then every quarter of an hour. Undefined when it has had 25 hours. */
export function nextLook(looks: number, sinceSeconds: number): number | undefined {
  return sinceSeconds >= 25 * 3_600 ? undefined : (WAITS[looks] ?? 900);
}
