import * as z from 'zod/mini';
import { BUCKETS, features, occurrences } from './features.ts';
import { softmax } from './regression.ts';

/** What the embedded classifier tells apart. */
export const KINDS = ['bug', 'feature', 'question'] as const;
export type Kind = (typeof KINDS)[number];

const Metrics = z.object({
  /** Mean over repositories of the macro F1. */
  macroF1: z.number(),
  /** Of the tickets, how many it answers at the threshold, and how many of those rightly. */
  coverage: z.number(),
  accuracy: z.number(),
});

/** The trained classifier as it is kept: weights as text, with what they were made from and how good they are. */
export const Trained = z.object({
  version: z.int(),
  /** SHA-256 of the file it was trained on. */
  trainedOn: z.string(),
  examples: z.int(),
  /** Two columns of weights, one character each; the third is what makes a row's sum zero. */
  weights: z.string().check(z.length(2 * BUCKETS)),
  scale: z.number(),
  bias: z.array(z.number()).check(z.length(KINDS.length)),
  temperature: z.number(),
  threshold: z.number(),
  crossValidated: Metrics,
  /** The same for repositories that it was never trained on: what a new customer may expect. */
  elsewhere: z.extend(Metrics, { temperature: z.number(), threshold: z.number() }),
});
export type Trained = z.infer<typeof Trained>;

/** A classifier in memory. What an organization has taught it is added to the scores. */
export interface Classifier {
  weights: Float32Array;
  bias: readonly number[];
  temperature: number;
  threshold: number;
}

export interface Guess {
  kind: Kind;
  /** Calibrated: of a hundred guesses with 0.8, about eighty are right. */
  probability: number;
  isSure: boolean;
  /** The words that weighed most for it, heaviest first. */
  because: string[];
}

const LOWEST = 35;
const MIDDLE = 80;
/** Weights are whole numbers from minus this to this. */
export const STEPS = 45;
const BACKSLASH = 92;

/** Printable characters without the quote and the backslash: JSON leaves them as they are, and gzip finds their frequencies. */
export function encoded(steps: ArrayLike<number>): string {
  return Array.from(steps, (step) => {
    const code = MIDDLE + step;
    return String.fromCharCode(code === BACKSLASH ? LOWEST - 2 : code);
  }).join('');
}

export function loaded({ weights, scale, bias }: Trained): Pick<Classifier, 'weights' | 'bias'> {
  const all = new Float32Array(BUCKETS * KINDS.length);
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const a = decoded(weights.charCodeAt(bucket)) * scale;
    const b = decoded(weights.charCodeAt(BUCKETS + bucket)) * scale;
    all.set([a, b, -a - b], bucket * KINDS.length);
  }
  return { weights: all, bias };
}

function decoded(code: number): number {
  return (code === LOWEST - 2 ? BACKSLASH : code) - MIDDLE;
}

/** Scores before they are made probabilities: one for each kind. */
export function scoresOf(
  found: Map<number, number>,
  { weights, bias }: Pick<Classifier, 'weights' | 'bias'>,
): number[] {
  let [bug = 0, feature = 0, question = 0] = bias;
  for (const [bucket, value] of found) {
    const row = bucket * 3;
    bug += (weights[row] as number) * value;
    feature += (weights[row + 1] as number) * value;
    question += (weights[row + 2] as number) * value;
  }
  return [bug, feature, question];
}

/** What kind of work a ticket is, from its words alone. */
export function guess(ticket: { title: string; body: string }, classifier: Classifier): Guess {
  const found = features(ticket);
  const chances = softmax(scoresOf(found, classifier), classifier.temperature);
  const [first, second] = chances.map((chance, at) => ({ chance, at })).sort((a, b) => b.chance - a.chance);
  const [best, next] = [first?.at ?? 0, second?.at ?? 1];
  const probability = chances[best] ?? 0;
  const weight = (bucket: number, kind: number) => classifier.weights[bucket * KINDS.length + kind] ?? 0;
  const pulls = [...found].map(([bucket, value]): [number, number] => [
    bucket,
    (weight(bucket, best) - weight(bucket, next)) * value,
  ]);
  return {
    kind: KINDS[best] as Kind,
    probability,
    isSure: probability >= classifier.threshold,
    because: heaviest(ticket, pulls),
  };
}

const SHOWN = 4;

/** Features that are looked at for reasons; those that pull less add nothing that people could tell. */
const WEIGHED = 100;

/** Each feature's pull goes to the word that it stands in, in equal parts to each place where it stands. */
function heaviest(
  ticket: { title: string; body: string },
  pulls: [bucket: number, pull: number][],
): string[] {
  const sizes = Float64Array.from(pulls, ([, pull]) => Math.abs(pull)).sort();
  const least = sizes.at(-WEIGHED) ?? 0;
  const strongest = new Map(pulls.filter(([, pull]) => Math.abs(pull) >= least));
  const sums = new Map<string, number>();
  for (const [bucket, words] of occurrences(ticket, new Set(strongest.keys())))
    for (const word of words)
      sums.set(word, (sums.get(word) ?? 0) + (strongest.get(bucket) ?? 0) / words.length);
  return [...sums]
    .filter(([word, sum]) => sum > 0 && /^\P{N}*\p{L}{2}\P{N}*$/u.test(word))
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([word]) => word);
}
