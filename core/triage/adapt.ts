import * as z from 'zod/mini';
import { type Judged, selective, temperatureFor, thresholdFor } from './calibrate.ts';
import { type Classifier, KINDS, type Kind, scoresOf } from './classifier.ts';
import type { Correction } from './correction.ts';
import { BUCKETS, features } from './features.ts';
import { Habits, habitsOf } from './habits.ts';
import { learn, type Taught } from './learn.ts';
import { argmax, softmax } from './regression.ts';

/** Fewer labels teach the classifier nothing that could be checked. */
export const LABELS_NEEDED = 30;
/** Of the tickets that it answers by itself, so many shall be right. */
const ACCURACY = 0.9;
/** Answers that a threshold is judged by, at least. */
const ANSWERS_NEEDED = 20;
const FOLDS = 5;
const KEPT_ROWS = 3_000;
const SETTINGS = { c: 1, iterations: 25, least: 2 };

const Figures = z.object({
  /** Of all held-out corrections, how many it gets right. */
  accuracy: z.number(),
  logLoss: z.number(),
  coverage: z.number(),
  /** Of those that it answers, how many are right. */
  answered: z.number(),
});
export type Figures = z.infer<typeof Figures>;

/** What an organization's corrections add to the classifier that is shipped. */
export const Learned = z.object({
  version: z.int(),
  at: z.iso.datetime(),
  labels: z.int(),
  /** Bucket, then what is added to its weights. None when what was learned was no better. */
  rows: z.array(z.tuple([z.int(), z.number(), z.number(), z.number()])),
  bias: z.array(z.number()),
  temperature: z.optional(z.number()),
  threshold: z.optional(z.number()),
  habits: Habits,
});
export type Learned = z.infer<typeof Learned>;

/** What came of a training, for people. */
export interface Lesson {
  labels: number;
  before?: Figures;
  after?: Figures;
  /** Why something was not taken. */
  refused: string[];
  learned: Omit<Learned, 'version' | 'at'>;
}

/** What holds after a training: what was learned before stays where nothing better came. */
export function succeeding({ learned, labels }: Lesson, before: Learned | undefined): Lesson['learned'] {
  return learned.rows.length > 0 || !before ? learned : { ...before, labels, habits: learned.habits };
}

/** The classifier as an organization has taught it. */
export function taughtBy(base: Classifier, learned: Learned | undefined): Classifier {
  if (!learned) return base;
  const { temperature = base.temperature, threshold = base.threshold } = learned;
  if (learned.rows.length === 0) return { ...base, temperature, threshold };
  const weights = base.weights.slice();
  for (const [bucket, ...row] of learned.rows)
    row.forEach((value, kind) => {
      (weights[bucket * KINDS.length + kind] as number) += value;
    });
  return {
    weights,
    bias: base.bias.map((bias, kind) => bias + (learned.bias[kind] ?? 0)),
    temperature,
    threshold,
  };
}

/**
 * Learns what the corrections say beyond the classifier that is shipped, and tries it on corrections that each part
 * was not taught: only what is better there is taken.
 */
export function adapt(corrections: Correction[], base: Classifier): Lesson {
  const habits = habitsOf(newestOf(corrections));
  const taught = labelsOf(corrections, base);
  const labels = taught.length;
  const unchanged = { labels, rows: [], bias: [], habits };
  if (labels < LABELS_NEEDED)
    return {
      labels,
      refused: [`the classifier: ${labels} of the ${LABELS_NEEDED} labelled tickets that it takes`],
      learned: unchanged,
    };

  const own = heldOut(taught);
  const shippedOnly = taught.map(({ kind, offset }) => ({ scores: offset, kind: KINDS.indexOf(kind) }));
  const [beforeSettings, afterSettings] = [settingsOf(shippedOnly, base), settingsOf(own, base)];
  const before = figures(shippedOnly, base);
  const after = figures(own, afterSettings);
  const isBetter = gain(shippedOnly, own) > 1;
  const refused = [
    ...(isBetter ? [] : ['the classifier: on corrections that it was not taught it is no better']),
    ...((isBetter ? afterSettings : beforeSettings).threshold === base.threshold
      ? [`the threshold: too few answers to say over which of them ${ACCURACY * 100} % are right`]
      : []),
  ];
  const learned = isBetter
    ? { ...unchanged, ...rowsOf(learn(taught, SETTINGS)), ...afterSettings }
    : { ...unchanged, ...beforeSettings };
  return { labels, before, after, refused, learned };
}

/** How many standard errors more are right than before. */
function gain(before: Judged[], after: Judged[]): number {
  const isRight = ({ scores, kind }: Judged) => argmax(scores) === kind;
  const changed = after.filter((one, at) => isRight(one) !== isRight(before[at] as Judged));
  const gained = changed.filter(isRight).length;
  return (2 * gained - changed.length) / Math.sqrt(changed.length || 1);
}

type Labelled = Taught & { offset: readonly number[] };

/** The last word about each ticket, where it is a kind that the classifier knows. */
function labelsOf(corrections: Correction[], base: Classifier): Labelled[] {
  return newestOf(corrections).flatMap(({ after, title, body }) => {
    const kind = kindOf(after.type);
    if (!kind) return [];
    const found = features({ title, body });
    return [{ found, kind, offset: scoresOf(found, base) }];
  });
}

/** In the order of the tickets' ids, so that the parts do not follow time, and are the same every time. */
function newestOf(corrections: Correction[]): Correction[] {
  const ordered = corrections.toSorted((a, b) => (a.at < b.at ? -1 : 1));
  const last = new Map(ordered.map((one) => [one.ticketId, one]));
  return [...last.values()].sort((a, b) => (a.ticketId < b.ticketId ? -1 : 1));
}

function kindOf(type: string | undefined): Kind | undefined {
  return type === 'enhancement' ? 'feature' : KINDS.find((kind) => kind === type);
}

function heldOut(taught: Labelled[]): Judged[] {
  const judged: Judged[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const added = learn(
      taught.filter((_, at) => at % FOLDS !== fold),
      SETTINGS,
    );
    taught.forEach(({ found, kind, offset }, at) => {
      if (at % FOLDS !== fold) return;
      const more = scoresOf(found, added);
      judged[at] = { scores: offset.map((score, n) => score + (more[n] ?? 0)), kind: KINDS.indexOf(kind) };
    });
  }
  return judged;
}

function settingsOf(judged: Judged[], base: Classifier) {
  const temperature = temperatureFor(judged);
  const wanted = { accuracy: ACCURACY, least: ANSWERS_NEEDED, margin: 1 };
  const threshold = thresholdFor(judged, temperature, wanted);
  return threshold === undefined
    ? { temperature: base.temperature, threshold: base.threshold }
    : { temperature, threshold };
}

function figures(
  judged: Judged[],
  { temperature, threshold }: { temperature: number; threshold: number },
): Figures {
  const right = judged.filter(({ scores, kind }) => argmax(scores) === kind).length;
  const losses = judged.map(({ scores, kind }) => -Math.log(softmax(scores, temperature)[kind] ?? 0));
  const { coverage, accuracy } = selective(judged, temperature, threshold);
  return {
    accuracy: right / judged.length,
    logLoss: losses.reduce((a, b) => a + b, 0) / judged.length,
    coverage,
    answered: accuracy,
  };
}

/** The heaviest rows, in thousandths: an item of the table has room for them. */
function rowsOf({ weights, bias }: Pick<Classifier, 'weights' | 'bias'>): Pick<Learned, 'rows' | 'bias'> {
  const short = (value: number | undefined) => Math.round((value ?? 0) * 1_000) / 1_000;
  const rows = Array.from({ length: BUCKETS }, (_, bucket): Learned['rows'][number] => {
    const [a, b, c] = weights.subarray(bucket * 3, bucket * 3 + 3);
    return [bucket, short(a), short(b), short(c)];
  });
  const weight = ([, a, b, c]: Learned['rows'][number]) => Math.abs(a) + Math.abs(b) + Math.abs(c);
  return {
    rows: rows
      .filter((row) => weight(row) > 0)
      .sort((a, b) => weight(b) - weight(a))
      .slice(0, KEPT_ROWS),
    bias: bias.map(short),
  };
}
