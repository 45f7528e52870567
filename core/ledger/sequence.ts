import { Fault } from '../fault.ts';
import { CHAIN_START, entryIn, type LedgerEntry, type Sealed, seal } from '../ledger.ts';
import type { Sequence } from './ports.ts';

type Places = Pick<Sequence, 'find' | 'append'>;

/** An entry as the ledger's table holds it. */
export interface Stored extends Sealed {
  org: string;
  actionId: string;
}

export type Sequenced =
  | { entry: LedgerEntry; isNew: boolean; wrong?: undefined }
  /** Why it was given no place: it is not an entry that this product wrote. */
  | { wrong: string };

/**
 * Gives a new entry its place. Told twice, it is given one place; told before the entry that it follows, it throws
 * `Unavailable` and has to be told again.
 */
export async function sequenced(stored: Stored, sequence: Places): Promise<Sequenced> {
  const entry = genuine(stored);
  if (!entry) return { wrong: 'its bytes, its hash and its key do not belong together' };
  const prev = await hashBefore(entry, sequence);
  if (prev !== entry.prev) return { wrong: 'it does not follow the entry before it' };
  const { actionId, seq, at } = entry;
  const isNew = await sequence.append(entry.org, { actionId, seq, hash: stored.hash, at });
  return { entry, isNew };
}

/** The entry, if it is what its key and its hash say. */
function genuine({ org, actionId, seq, text, hash }: Stored): LedgerEntry | undefined {
  const entry = entryIn(text);
  if (!entry || seal(entry).hash !== hash) return undefined;
  return entry.org === org && entry.actionId === actionId && entry.seq === seq ? entry : undefined;
}

async function hashBefore({ org, actionId, seq }: LedgerEntry, sequence: Places): Promise<string> {
  if (seq === 1) return CHAIN_START;
  const before = await sequence.find(org, actionId, seq - 1);
  if (before) return before.hash;
  throw new Fault(
    'Unavailable',
    `Entry ${seq - 1} of ${actionId} has no place yet; entry ${seq} comes after it`,
  );
}
