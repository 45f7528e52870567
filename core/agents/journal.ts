import { createHash } from 'node:crypto';
import { Fault } from '../fault.ts';
import type { Handover, KeptJournal } from '../runs/run.ts';
import type { Step } from './breaker.ts';
import type { Message, Reply } from './model.ts';
import type { Notes } from './notes.ts';
import type { Effort } from './roles.ts';

/** How an engineer's conversation ended; `stopped` says why there is no handover, for a person. */
export type Ending = { handover: Handover } | { stopped: string };

/** What calls have used: seconds of each, bytes of all until then. */
export interface Used {
  seconds: number;
  sent: number;
  received: number;
}

/** What the breaker wants to know of a call besides its result. */
export type Facts = Pick<Step, 'timedOut' | 'malformed' | 'polls' | 'tree' | 'tests'>;

/** What a conversation has from its beginning to its end: another one needs a beginning of its own. */
export interface Ties {
  /** Provider and model: nobody else can read the thinking in it. */
  route: string;
  /** Of the platform's own words. */
  mark: string;
}

/** What happens in a conversation with an engineer. Intents are written before what they announce. */
export type Entry =
  | ({
      type: 'note';
      kind: 'brief' | 'reminder' | 'nudge' | 'budget' | 'message' | 'restart';
      text: string;
      /** Of a person's message: that it was heard. */
      id?: string;
      /** Of a budget notice: how many of its thresholds are passed. */
      told?: number;
    } & Partial<Ties>)
  /** `because` says why the same request is sent once more; `restart` that nobody knows what became of the last one. */
  | { type: 'request_intent'; hash: string; maxTokens: number; because?: string }
  | { type: 'response'; reply: Reply }
  | { type: 'tool_intent'; call: string; name: string }
  /** Without `facts` when the call was not made. */
  | { type: 'tool_result'; call: string; text: string; isError: boolean; facts?: Facts; used?: Used }
  /** The work tree as it is kept: what has changed since the start lies under `patch`. `notes` when they have changed. */
  | { type: 'checkpoint'; tree: string; patch: string; isVerified: boolean; notes?: Notes }
  /** The conversation begins anew with this text, and at this effort from then on. */
  | ({ type: 'compaction'; text: string; effort?: Effort } & Partial<Ties>)
  | { type: 'end'; ending: Ending };

/** An entry in its place. */
export type Line = Entry & { seq: number; at: string; prevHash: string };

/** Where a journal stands: what the next line is chained to. */
export interface Tip {
  seq: number;
  hash: string;
}

export const START: Tip = { seq: 0, hash: '' };

/** The next line as it is written, with its line break, and where the journal stands then. */
export function written(entry: Entry, { seq, hash }: Tip, at: string): { text: string; tip: Tip } {
  const text = JSON.stringify({ seq: seq + 1, at, prevHash: hash, ...entry } satisfies Line);
  return { text: `${text}\n`, tip: { seq: seq + 1, hash: hashOf(text) } };
}

/**
 * A journal's lines and where it stands. A last line without its line break was torn by a crash and is left out.
 * Throws `Invalid` naming the line that does not follow the one before it.
 */
export function parseJournal(text: string): { lines: Line[]; tip: Tip } {
  let tip = START;
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((raw) => {
      const line = lineOf(raw, tip);
      tip = { seq: line.seq, hash: hashOf(raw) };
      return line;
    });
  return { lines, tip };
}

function lineOf(raw: string, { seq, hash }: Tip): Line {
  try {
    const line = JSON.parse(raw) as Line;
    if (line.seq === seq + 1 && line.prevHash === hash) return line;
  } catch {
    // Said below.
  }
  throw new Fault(
    'Invalid',
    `The journal is broken at line ${seq + 1}: it does not follow the one before it`,
  );
}

/** Names the request that these messages make. */
export function requestHash(messages: readonly Message[]): string {
  return hashOf(JSON.stringify(messages));
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Where in the bucket the parts of a run's journals lie, and the work trees that belong to them. */
export function journalFolder({ org, id }: { org: string; id: string }): string {
  return `runs/${org}/${id}/journal`;
}

/** One part of a journal, as one task wrote it. */
export function segmentKey(
  folder: string,
  { round, lease }: Pick<KeptJournal, 'round' | 'lease'>,
  index: number,
): string {
  return `${folder}/${round}/${lease}-${String(index).padStart(5, '0')}.jsonl`;
}
