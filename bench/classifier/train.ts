import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temperatureFor, thresholdFor } from '#core/triage/calibrate.ts';
import { type Classifier, encoded, STEPS, type Trained } from '#core/triage/classifier.ts';
import { BUCKETS } from '#core/triage/features.ts';
import { learn } from '#core/triage/learn.ts';
import { issuesOf } from './issues.ts';
import { crossValidated, type Example, exampleOf, fifths, metrics, SETTINGS, taughtOf } from './measure.ts';

/** Of the tickets that it answers by itself, so many shall be right. In repositories it does not know it may ask for less, and answers few. */
const ACCURACY = { seen: 0.905, elsewhere: 0.85 };

const data = process.env.TEST_DATA;
const file = process.argv[2] ?? (data && join(data, 'nlbse2024/issues_train.csv'));
if (!file)
  throw new Error(
    'Say which file to train on, or set TEST_DATA to the folder with nlbse2024/issues_train.csv',
  );
const { issues, hash } = issuesOf(file);
const examples = issues.map(exampleOf);
const parts = fifths(examples, 1);
const seen = measured((_, at) => parts[at] ?? 0, ACCURACY.seen);
const elsewhere = measured(({ repo }) => repo, ACCURACY.elsewhere);
const trained: Trained = {
  version: 1,
  trainedOn: hash,
  examples: examples.length,
  ...quantised(learn(examples.map(taughtOf), SETTINGS)),
  temperature: seen.temperature,
  threshold: seen.threshold,
  crossValidated: seen.metrics,
  elsewhere: { temperature: elsewhere.temperature, threshold: elsewhere.threshold, ...elsewhere.metrics },
};
writeFileSync(
  new URL('../../core/triage/kinds.json', import.meta.url),
  `${JSON.stringify(trained, null, 2)}\n`,
);
const { weights: _weights, ...told } = trained;
process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);

function measured(partOf: (example: Example, at: number) => string | number, accuracy: number) {
  const judged = crossValidated(examples, partOf);
  const temperature = temperatureFor(judged);
  const threshold = thresholdFor(judged, temperature, { accuracy, least: 50 }) ?? 1;
  return { temperature, threshold, metrics: metrics(examples, judged, { temperature, threshold }) };
}

/** Whole steps, as large as they have to be for the heaviest weights; the few that are heavier are cut. */
function quantised({ weights, bias }: Pick<Classifier, 'weights' | 'bias'>) {
  const sizes = weights
    .map(Math.abs)
    .filter((size) => size > 0)
    .sort();
  const scale = (sizes[Math.floor(sizes.length * 0.9995)] ?? 1) / STEPS;
  const column = (kind: number) =>
    Array.from({ length: BUCKETS }, (_, bucket) => {
      const steps = Math.round((weights[bucket * 3 + kind] ?? 0) / scale);
      return Math.max(-STEPS, Math.min(STEPS, steps));
    });
  return { scale, weights: encoded([...column(0), ...column(1)]), bias: [...bias] };
}
