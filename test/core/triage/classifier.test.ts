import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { temperatureFor, thresholdFor } from '#core/triage/calibrate.ts';
import { encoded, guess, KINDS, loaded, STEPS } from '#core/triage/classifier.ts';
import { embedded, shipped } from '#core/triage/embedded.ts';
import { BUCKETS, features, occurrences } from '#core/triage/features.ts';
import { learn } from '#core/triage/learn.ts';

const SETTINGS = { c: 10, iterations: 50, least: 1 };

it('is small, and says what it was trained on and how good it is', () => {
  expect(gzipSync(readFileSync('core/triage/kinds.json')).length).toBeLessThan(110_000);
  expect(shipped().trainedOn).toMatch(/^[0-9a-f]{64}$/);
  expect(shipped().crossValidated.accuracy).toBeGreaterThanOrEqual(0.9);
  expect(shipped().crossValidated.coverage).toBeGreaterThanOrEqual(0.45);
});

it.each([
  ['How often does the sync run?', '', 'question'],
  ['Please add an option to skip refunds', 'It would be nice to have a setting for it.', 'feature'],
  ['App crashes on start', '```\nTypeError: x is undefined\n    at run (a.js:1:2)\n```', 'bug'],
])('knows %s', (title, body, kind) => {
  const found = guess({ title, body }, embedded());

  expect(found.kind).toBe(kind);
  expect(found.because.length).toBeGreaterThan(1);
});

it('learns what it is taught, and is told apart by it', () => {
  const taught = KINDS.flatMap((kind) =>
    Array.from({ length: 8 }, (_, at) => ({
      kind,
      found: features({ title: `${kind} number ${at}`, body: '' }),
    })),
  );
  const classifier = { ...learn(taught, SETTINGS), temperature: 1, threshold: 0.8 };

  for (const kind of KINDS)
    expect(guess({ title: `another ${kind}`, body: '' }, classifier)).toMatchObject({ kind, isSure: true });
  expect(learn(taught, SETTINGS)).toEqual({ weights: classifier.weights, bias: classifier.bias });
});

it('keeps weights as text without losing any', () => {
  const steps = Array.from({ length: 2 * BUCKETS }, (_, at) => (at % (2 * STEPS + 1)) - STEPS);
  const weights = encoded(steps);

  expect(JSON.parse(JSON.stringify(weights))).toBe(weights);
  expect(JSON.stringify(weights)).toHaveLength(weights.length + 2);
  const { weights: read } = loaded({ ...shipped(), weights, scale: 1, bias: [0, 0, 0] });
  expect(steps.every((step, at) => read[(at % BUCKETS) * 3 + Math.floor(at / BUCKETS)] === step)).toBe(true);
});

it.each([
  ['nothing', '', ''],
  ['half of a pair', '\ud800', '\udc00 ``` \ud800'],
  ['a huge text', 'a '.repeat(200), 'ERROR at x:1:2\n# h\n- [ ] b\n'.repeat(50_000)],
  ['no spaces', 'x'.repeat(300), 'y'.repeat(500_000)],
])('takes %s', (_, title, body) => {
  const found = guess({ title, body }, embedded());

  expect(found.probability).toBeGreaterThan(0.3);
  const all = features({ title, body });
  expect(occurrences({ title, body }, new Set(all.keys())).size).toBe(all.size);
});

it('says how sure it is by how often it was right, and refuses a threshold from too few', () => {
  const judged = Array.from({ length: 100 }, (_, at) => ({
    scores: [at < 50 ? 5 : 3, 0, 0],
    kind: at % 10 < (at < 50 ? 10 : 6) ? 0 : 1,
  }));
  const temperature = temperatureFor(judged);
  const wanted = { accuracy: 0.95, least: 20 };

  expect(temperature).toBeGreaterThan(1);
  const threshold = thresholdFor(judged, temperature, wanted) ?? 0;
  expect(judged.filter(({ scores }) => scores[0] === 5).length).toBe(50);
  expect(threshold).toBeGreaterThan(0.7);
  expect(thresholdFor(judged.slice(0, 19), temperature, wanted)).toBeUndefined();
  expect(thresholdFor(judged.slice(0, 40), temperature, { ...wanted, margin: 1 })).toBeDefined();
  expect(thresholdFor(judged.slice(50), temperature, wanted)).toBeUndefined();
});
