import { appendFileSync, closeSync, fdatasync, openSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Entry, type Line, parseJournal, segmentKey, written } from '#core/agents/journal.ts';
import type { Artifacts, Clock } from '#core/ports.ts';
import type { KeptJournal } from '#core/runs/run.ts';

export interface Journal {
  /** What an earlier task wrote. */
  lines: Line[];
  /** Outlives this process. At once: what waits for it would wait longer for a thread than for the file. */
  append(entry: Entry): void;
  /** Outlives this machine once it resolves: everything that was appended until now is on its disk, and where another finds it. */
  flush(): Promise<void>;
  close(): void;
}

export interface JournalPlace {
  /** On this task's disk. */
  folder: string;
  /** Of the journal's segments in the bucket. */
  prefix: string;
  /** The conversation that the journal is of. */
  round: string;
  /** Of the task that writes: segments of another are never taken for ours. */
  lease: number;
  artifacts: Artifacts;
  clock: Clock;
  /** Makes these segments the journal; throws when another task has taken over. */
  keep: (kept: Omit<KeptJournal, 'base'>) => Promise<void>;
}

/** Opens the journal of a conversation, with what was kept of it. */
export async function openJournal(place: JournalPlace, kept?: KeptJournal): Promise<Journal> {
  const { folder, prefix, round, lease, artifacts, clock, keep } = place;
  const text = kept?.round === round ? await segments(place, kept) : '';
  const { lines, tip: start } = parseJournal(text);
  const file = openSync(join(folder, `journal-${round}.jsonl`), 'w', 0o600);
  appendFileSync(file, text);
  let tip = start;
  let waiting = text;
  let count = 0;
  let flushing = Promise.resolve();

  async function upload(body: string): Promise<void> {
    await synced(file);
    await artifacts.put(segmentKey(prefix, { round, lease }, count), body, 'application/jsonl');
    await keep({ round, lease, segments: ++count });
  }

  return {
    lines,
    append: (entry) => {
      const line = written(entry, tip, clock.now().toISOString());
      tip = line.tip;
      waiting += line.text;
      appendFileSync(file, line.text);
    },
    flush: () => {
      const body = waiting;
      waiting = '';
      if (body) flushing = flushing.then(() => upload(body));
      return flushing;
    },
    close: () => closeSync(file),
  };
}

const synced = promisify(fdatasync);

async function segments({ prefix, artifacts }: JournalPlace, kept: KeptJournal): Promise<string> {
  const keys = Array.from({ length: kept.segments }, (_, index) => segmentKey(prefix, kept, index));
  return (await Promise.all(keys.map((key) => artifacts.text(key)))).join('');
}
