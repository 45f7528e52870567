import { type Entry, type Line, parseJournal, START, written } from '#core/agents/journal.ts';

/** A journal in memory, chained as on disk. */
export function memoryJournal(before: readonly Entry[] = [], at = new Date().toISOString()) {
  let tip = START;
  let text = '';
  const append = (entry: Entry) => {
    const line = written(entry, tip, at);
    tip = line.tip;
    text += line.text;
  };
  for (const entry of before) append(entry);
  const all = (): Line[] => parseJournal(text).lines;
  return { lines: all(), append, flush: async () => {}, close: () => {}, all };
}
