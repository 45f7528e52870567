import { type Judged, selective } from '#core/triage/calibrate.ts';
import { type Classifier, KINDS, scoresOf } from '#core/triage/classifier.ts';
import { features } from '#core/triage/features.ts';
import { type Learning, learn, type Taught } from '#core/triage/learn.ts';
import { argmax } from '#core/triage/regression.ts';
import type { Issue } from './issues.ts';

/** An issue with its features, so that they are found once. */
export interface Example extends Issue {
  found: Map<number, number>;
}

export const SETTINGS: Learning = { c: 1, iterations: 40, least: 2 };

export function exampleOf(issue: Issue): Example {
  return { ...issue, found: features(issue) };
}

export function taughtOf({ found, kind }: Example): Taught {
  return { found, kind };
}

export function judgedBy(classifier: Pick<Classifier, 'weights' | 'bias'>, { found, kind }: Example): Judged {
  return { scores: scoresOf(found, classifier), kind: KINDS.indexOf(kind) };
}

/** Each example judged by a classifier that has not seen its part. */
export function crossValidated(
  examples: Example[],
  partOf: (example: Example, at: number) => string | number,
): Judged[] {
  const parts = examples.map(partOf);
  const judged: Judged[] = [];
  for (const part of new Set(parts)) {
    const classifier = learn(examples.filter((_, at) => parts[at] !== part).map(taughtOf), SETTINGS);
    examples.forEach((example, at) => {
      if (parts[at] === part) judged[at] = judgedBy(classifier, example);
    });
  }
  return judged;
}

/** Five parts with as many of each repository and kind; the seed shuffles. */
export function fifths(examples: Example[], seed: number): number[] {
  const groups = Map.groupBy(examples.keys(), (at) => `${examples[at]?.repo} ${examples[at]?.kind}`);
  const parts: number[] = [];
  for (const group of groups.values())
    shuffled([...group], seed).forEach((at, n) => {
      parts[at] = n % 5;
    });
  return parts;
}

export function shuffled<T>(items: T[], seed: number): T[] {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

/** The competition's measure: F1 of each kind as the mean over repositories, then the mean over kinds. */
export function macroF1(examples: Pick<Issue, 'repo'>[], judged: Judged[]): number {
  const repos = [...new Set(examples.map(({ repo }) => repo))];
  return mean(
    KINDS.flatMap((_, kind) =>
      repos.map((repo) =>
        f1(
          judged.filter((_, at) => examples[at]?.repo === repo),
          kind,
        ),
      ),
    ),
  );
}

function f1(judged: Judged[], kind: number): number {
  const guessed = judged.filter(({ scores }) => argmax(scores) === kind);
  const right = guessed.filter((one) => one.kind === kind).length;
  return (2 * right) / (guessed.length + judged.filter((one) => one.kind === kind).length || 1);
}

export function mean(values: number[]): number {
  return values.reduce((a, b) => a + b, 0) / (values.length || 1);
}

export function metrics(
  examples: Example[],
  judged: Judged[],
  { temperature, threshold }: { temperature: number; threshold: number },
) {
  return { macroF1: macroF1(examples, judged), ...selective(judged, temperature, threshold) };
}
