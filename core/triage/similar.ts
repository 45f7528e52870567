import * as z from 'zod/mini';
import { fingerprint, normalise } from '../agents/fingerprint.ts';
import { cut } from '../tickets/text.ts';
import type { Ticket } from '../tickets/ticket.ts';

/** What is kept of a ticket's text to find others like it: at most so many words, the title's first. */
export const Sketch = z.object({ ticketId: z.string(), at: z.iso.datetime(), words: z.array(z.string()) });
export type Sketch = z.infer<typeof Sketch>;

/** A line that names an error, and what stands for it whatever its times, ids and paths are. */
export interface ErrorLine {
  line: string;
  print: string;
}

/** That two tickets are alike, and why, for people. It is never more than a hint: nothing merges by itself. */
export const Link = z.object({
  ticketId: z.string(),
  by: z.enum(['text', 'error']),
  /** Of one: how alike they are. */
  score: z.number(),
  reason: z.string(),
});
export type Link = z.infer<typeof Link>;

/** A link with what people need to know of the other ticket. */
export type Similar = Link & Pick<Ticket, 'externalId' | 'title' | 'status'>;

const MAX_WORDS = 60;
const MAX_ERRORS = 5;
const MAX_LINKS = 5;
/** Cosine over which two texts are called alike. */
const ALIKE = 0.4;
/** Fewer words in common say nothing, however rare they are. */
const LEAST_WORDS = 3;

const WORD = /[\p{L}\d_][\p{L}\d_.-]*[\p{L}\d_]/gu;
const STOP = new Set(
  'the and for that this with from are was were not but has have had its our you your can when then than there which what how does did will would should after before into over since been they them also any all only more some such'.split(
    ' ',
  ),
);

export function sketchOf({ id, createdAt, title, body }: Written): Sketch {
  const inTitle = wordsOf(title);
  const counts = new Map<string, number>();
  for (const word of wordsOf(body.slice(0, 20_000))) counts.set(word, (counts.get(word) ?? 0) + 1);
  const inBody = [...counts].sort(([, a], [, b]) => b - a).map(([word]) => word);
  const words = [...new Set([...inTitle, ...inBody])].slice(0, MAX_WORDS);
  return { ticketId: id, at: createdAt, words };
}

interface Written {
  id: string;
  createdAt: string;
  title: string;
  body: string;
}

function wordsOf(text: string): string[] {
  const found = text.toLowerCase().match(WORD) ?? [];
  return found.filter(
    (word) => word.length > 2 && word.length <= 60 && !STOP.has(word) && !/^[\d.-]+$/.test(word),
  );
}

const ERROR = /^\s*(?:E\s+)?(?:[\w.]*(?:Error|Exception)\b.*:|(?:\S+ ){0,3}(?:ERROR|CRITICAL|FATAL)\b)/;

/** The lines of a text that name an error, each once, the last ones if there are many. */
export function errorsOf(text: string): ErrorLine[] {
  const lines = text
    .slice(-60_000)
    .split('\n')
    .filter((line) => ERROR.test(line));
  const distinct = new Map(lines.map((line) => [fingerprint(line), cut(normalise(line), 200)]));
  return [...distinct].slice(-MAX_ERRORS).map(([print, line]) => ({ print, line }));
}

/** The tickets whose words are most like a ticket's. Words that many of the others use count for little. */
export function alike(sketch: Sketch, others: Sketch[]): Link[] {
  const rarity = rarityIn([sketch, ...others]);
  const own = new Set(sketch.words);
  const length = (words: Iterable<string>) => Math.sqrt(sum([...words].map((word) => rarity(word) ** 2)));
  const ownLength = length(own);
  return others
    .filter(({ ticketId }) => ticketId !== sketch.ticketId)
    .map(({ ticketId, words }) => {
      const common = words.filter((word) => own.has(word)).sort((a, b) => rarity(b) - rarity(a));
      const score = sum(common.map((word) => rarity(word) ** 2)) / (ownLength * length(words) || 1);
      return { ticketId, common, score };
    })
    .filter(({ common, score }) => score >= ALIKE && common.length >= LEAST_WORDS)
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_LINKS)
    .map(({ ticketId, common, score }) => ({
      ticketId,
      by: 'text' as const,
      score,
      reason: `${Math.round(score * 100)} % alike: ${common.slice(0, 5).join(', ')}`,
    }));
}

function rarityIn(sketches: Sketch[]): (word: string) => number {
  const counts = new Map<string, number>();
  for (const { words } of sketches) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return (word) => Math.log((1 + sketches.length) / (1 + (counts.get(word) ?? 0))) + 1;
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** Where the same error was reported before. */
export function sameError(line: string, ticketId: string): Link {
  return { ticketId, by: 'error', score: 1, reason: `the same error: ${line}` };
}

/** One link for each other ticket; the same error says more than the same words. */
export function strongest(links: Link[]): Link[] {
  const ordered = links.toSorted((a, b) => b.score - a.score);
  return [...new Map(ordered.toReversed().map((link) => [link.ticketId, link])).values()]
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_LINKS);
}
