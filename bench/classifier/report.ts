import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';
import { type Judged, selective, temperatureFor } from '#core/triage/calibrate.ts';
import { type Classifier, guess, KINDS, loaded, scoresOf } from '#core/triage/classifier.ts';
import { AGREES } from '#core/triage/classify.ts';
import { embedded, shipped } from '#core/triage/embedded.ts';
import { learn } from '#core/triage/learn.ts';
import { argmax, softmax } from '#core/triage/regression.ts';
import { SURE, typeByLeaning } from '#core/triage/rules.ts';
import { issuesOf } from './issues.ts';
import {
  type Example,
  exampleOf,
  judgedBy,
  crossValidated as judgedByOthers,
  mean,
  metrics,
  SETTINGS,
  shuffled,
  taughtOf,
} from './measure.ts';

const TAUGHT = [0, 30, 150];

const data = process.env.TEST_DATA;
if (!data) throw new Error('Set TEST_DATA to the folder with nlbse2024/issues_train.csv');
const train = issuesOf(join(data, 'nlbse2024/issues_train.csv')).issues.map(exampleOf);
const heldBack = process.argv[2];

say('weights, gzipped', `${gzipSync(readFileSync('core/triage/kinds.json')).length} bytes`);
say('features and score', times(train));
const { crossValidated, elsewhere, threshold, temperature } = shipped();
say('cross-validated', figures(crossValidated));
say(
  'a repository it was not trained on',
  `${figures(elsewhere)}, at its own threshold ${elsewhere.threshold.toFixed(3)}`,
);
say(`rules, where it agrees from ${AGREES.from}`, agreement());
if (heldBack) {
  const issues = issuesOf(heldBack).issues.map(exampleOf);
  const judged = issues.map((issue) => judgedBy(loaded(shipped()), issue));
  say(`on ${heldBack}`, figures(metrics(issues, judged, { temperature, threshold })));
}
for (const [count, judged] of learningCurve()) {
  const { coverage, accuracy } = selective(judged.test, temperatureFor(judged.test), elsewhere.threshold);
  say(
    `unseen repository, ${count} corrections`,
    `right ${percent(rightOf(judged.test))}; at ${elsewhere.threshold.toFixed(2)} answers ${percent(coverage)}, ${percent(accuracy)} of these right`,
  );
}

function say(what: string, figure: string): void {
  process.stdout.write(`${what.padEnd(38)} ${figure}\n`);
}

function figures({
  macroF1,
  coverage,
  accuracy,
}: {
  macroF1: number;
  coverage: number;
  accuracy: number;
}): string {
  return `macro F1 ${macroF1.toFixed(4)}; answers ${percent(coverage)}, ${percent(accuracy)} of these right`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function rightOf(judged: Judged[]): number {
  return mean(judged.map(({ scores, kind }) => (argmax(scores) === kind ? 1 : 0)));
}

/** Issues of repositories that it was not trained on, where words lean to the kind that it leans to without being sure. */
function agreement(): string {
  const judged = judgedByOthers(train, ({ repo }) => repo);
  const agreed = train.flatMap((issue, at) => {
    const chances = softmax(judged[at]?.scores ?? [], elsewhere.temperature);
    const best = argmax(chances);
    const [probability = 0, kind] = [chances[best], KINDS[best]];
    const isAsked = probability >= AGREES.from && probability < Math.max(SURE, elsewhere.threshold);
    return isAsked && typeByLeaning({ ...issue, labels: [], concerns: [] })?.value === kind
      ? [kind === issue.kind ? 1 : 0]
      : [];
  });
  return `right ${percent(mean(agreed))} of ${agreed.length}; they claim ${percent(AGREES.confidence)}`;
}

/** What one guess takes, with its reasons; the first hundred warm up. */
function times(examples: Example[]): string {
  const classifier = embedded();
  const score = measured(examples, ({ title, body }) =>
    scoresOf(exampleOf({ title, body, repo: '', kind: 'bug' }).found, classifier),
  );
  const whole = measured(examples, (example) => guess(example, classifier));
  return `p50 ${score(0.5)} ms, p99 ${score(0.99)} ms; with its reasons p50 ${whole(0.5)} ms, p99 ${whole(0.99)} ms`;
}

function measured(examples: Example[], work: (example: Example) => unknown): (share: number) => string {
  for (const example of examples.slice(0, 100)) work(example);
  const taken = examples.map((example) => {
    const began = performance.now();
    work(example);
    return performance.now() - began;
  });
  taken.sort((a, b) => a - b);
  return (share) => (taken[Math.floor(share * taken.length)] ?? 0).toFixed(2);
}

/**
 * For each repository: trained on the others, taught so many of its own issues as an organization would teach it, and
 * judged on the half of them that it is never taught.
 */
function learningCurve(): Map<number, { test: Judged[] }> {
  const curve = new Map(TAUGHT.map((count) => [count, { test: [] as Judged[] }]));
  for (const repo of new Set(train.map((one) => one.repo))) {
    const base = learn(train.filter((one) => one.repo !== repo).map(taughtOf), SETTINGS);
    const own = shuffled(
      train.filter((one) => one.repo === repo),
      7,
    );
    const test = own.slice(own.length / 2);
    for (const [count, { test: judged }] of curve) judged.push(...test.map(judge(base, own.slice(0, count))));
  }
  return curve;
}

/** The way that trainings of an organization learn: only the difference to what is shipped. */
function judge(
  base: Pick<Classifier, 'weights' | 'bias'>,
  corrections: Example[],
): (example: Example) => Judged {
  if (corrections.length === 0) return (example) => judgedBy(base, example);
  const taught = corrections.map(({ found, kind }) => ({ found, kind, offset: scoresOf(found, base) }));
  const added = learn(taught, { c: 1, iterations: 25, least: 2 });
  return ({ found, kind }) => {
    const more = scoresOf(found, added);
    return {
      scores: scoresOf(found, base).map((score, at) => score + (more[at] ?? 0)),
      kind: KINDS.indexOf(kind),
    };
  };
}
