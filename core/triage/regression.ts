/** What is learned from: features by index, the class, and what another model says of it already. */
export interface Example {
  at: Int32Array;
  values: Float64Array;
  kind: number;
  offset?: readonly number[];
}

export interface Fitting {
  classes: number;
  dimension: number;
  /** Inverse strength of the pull towards zero. */
  c: number;
  iterations: number;
}

const HISTORY = 7;
const ENOUGH = 1e-5;

/** Scores of an example: one for each class. `weights` holds a row of classes for each feature, then the biases. */
export function scores(
  weights: Float64Array,
  { at, values, offset }: Omit<Example, 'kind'>,
  classes: number,
): number[] {
  const bias = weights.length - classes;
  const sums = Array.from(
    { length: classes },
    (_, kind) => (weights[bias + kind] ?? 0) + (offset?.[kind] ?? 0),
  );
  for (let n = 0; n < at.length; n++) {
    const row = (at[n] as number) * classes;
    const value = values[n] as number;
    for (let kind = 0; kind < classes; kind++)
      (sums[kind] as number) += (weights[row + kind] as number) * value;
  }
  return sums;
}

/** Scores as probabilities; a `temperature` above one makes them more modest. */
export function softmax(sums: readonly number[], temperature = 1): number[] {
  const most = Math.max(...sums);
  const powers = sums.map((sum) => Math.exp((sum - most) / temperature));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** Where the largest is. */
export function argmax(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

/** Multinomial logistic regression with an L2 penalty, by L-BFGS. The same examples give the same weights. */
export function regress(examples: Example[], fitting: Fitting): Float64Array {
  const size = (fitting.dimension + 1) * fitting.classes;
  let here: Point = { weights: new Float64Array(size), ...lossAt(new Float64Array(size), examples, fitting) };
  const steps: Step[] = [];
  for (let iteration = 0; iteration < fitting.iterations; iteration++) {
    const direction = descent(here.slope, steps);
    const next = search(here, direction, (weights) => lossAt(weights, examples, fitting));
    const moved = difference(next.weights, here.weights);
    const turned = difference(next.slope, here.slope);
    const curve = dot(moved, turned);
    if (curve > 1e-12) steps.push({ moved, turned, curve });
    if (steps.length > HISTORY) steps.shift();
    const gained = here.loss - next.loss;
    here = next;
    if (gained < ENOUGH * Math.abs(here.loss)) break;
  }
  return here.weights;
}

interface Step {
  moved: Float64Array;
  turned: Float64Array;
  curve: number;
}

interface Point {
  weights: Float64Array;
  loss: number;
  slope: Float64Array;
}

function lossAt(
  weights: Float64Array,
  examples: Example[],
  { classes, c }: Fitting,
): { loss: number; slope: Float64Array } {
  const slope = weights.map((weight) => weight / c);
  const bias = weights.length - classes;
  slope.fill(0, bias);
  let loss = dot(weights.subarray(0, bias), weights.subarray(0, bias)) / (2 * c);
  for (const example of examples) {
    const chances = softmax(scores(weights, example, classes));
    loss -= Math.log(Math.max(chances[example.kind] as number, 1e-300));
    chances[example.kind] = (chances[example.kind] as number) - 1;
    const { at, values } = example;
    for (let kind = 0; kind < classes; kind++) {
      const error = chances[kind] as number;
      for (let n = 0; n < at.length; n++)
        (slope[(at[n] as number) * classes + kind] as number) += error * (values[n] as number);
      (slope[bias + kind] as number) += error;
    }
  }
  return { loss, slope };
}

/** Two loops over the last steps stand for the inverse of the curvature. */
function descent(slope: Float64Array, steps: Step[]): Float64Array {
  const direction = slope.slice();
  const newestFirst = steps.toReversed();
  const shares = newestFirst.map(({ moved, turned, curve }) => {
    const share = dot(moved, direction) / curve;
    add(direction, turned, -share);
    return share;
  });
  const last = steps.at(-1);
  const scale = last ? last.curve / dot(last.turned, last.turned) : 1 / Math.sqrt(dot(slope, slope) || 1);
  for (let at = 0; at < direction.length; at++) (direction[at] as number) *= scale;
  steps.forEach(({ moved, turned, curve }, at) => {
    add(direction, moved, (shares[steps.length - 1 - at] as number) - dot(turned, direction) / curve);
  });
  return direction;
}

function search(
  from: Point,
  direction: Float64Array,
  lossOf: (weights: Float64Array) => { loss: number; slope: Float64Array },
): Point {
  const expected = dot(direction, from.slope);
  for (let length = 1; length > 1e-6; length /= 2) {
    const weights = from.weights.slice();
    add(weights, direction, -length);
    const found = lossOf(weights);
    if (found.loss <= from.loss - 1e-4 * length * expected) return { weights, ...found };
  }
  return from;
}

function add(to: Float64Array, what: Float64Array, times: number): void {
  for (let at = 0; at < to.length; at++) (to[at] as number) += times * (what[at] as number);
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, at) => value - (b[at] as number));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}
