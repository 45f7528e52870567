import * as z from 'zod';
import { oneLine } from '../tickets/text.ts';

/** What somebody with write access asks for on a pull request: in a review, or in a comment that names us. Their words are from outside. */
export const Ask = z.object({
  /** `review/7` or `comment/12`: its id at the forge. */
  ref: z.string(),
  by: z.string(),
  text: z.string().max(10_000),
  /** What is said of single lines, by path and number in the change. */
  remarks: z
    .array(z.object({ path: z.string(), line: z.int().optional(), text: z.string().max(4_000) }))
    .max(50),
});
export type Ask = z.infer<typeof Ask>;

/** What a run is about that changes a pull request once more. */
export const Review = z.object({
  asks: z.array(Ask).min(1),
  /** The how-manieth it is of the ticket's pull request. */
  round: z.int().positive(),
  /** How many of the ticket's reviews are dealt with by it. */
  upTo: z.int().positive(),
});
export type Review = z.infer<typeof Review>;

/** How often a pull request is changed because somebody asked; then a person takes over. */
export const ROUNDS = 5;

/** One line of each thing that is asked. */
export function askedFor(asks: readonly Ask[]): string[] {
  return asks.flatMap(({ by, text, remarks }) => [
    ...(text.trim() ? [`${by}: ${oneLine(text, 500)}`] : []),
    ...remarks.map(
      ({ path, line, text }) => `${by}, ${path}${line ? `:${line}` : ''}: ${oneLine(text, 500)}`,
    ),
  ]);
}
