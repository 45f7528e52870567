import { type Classifier, KINDS, type Kind } from './classifier.ts';
import { BUCKETS } from './features.ts';
import { regress } from './regression.ts';

/** A ticket whose kind is known. `offset` is what another classifier's scores say already: only the difference is learned. */
export interface Taught {
  found: Map<number, number>;
  kind: Kind;
  offset?: readonly number[];
}

export interface Learning {
  c: number;
  iterations: number;
  /** Features that fewer tickets have are left out. */
  least: number;
}

/** Weights of buckets from tickets whose kind is known. Rare features count for more, by the root of their rarity. */
export function learn(
  taught: Taught[],
  { c, iterations, least }: Learning,
): Pick<Classifier, 'weights' | 'bias'> {
  const classes = KINDS.length;
  const { known, rarity } = vocabulary(taught, least);
  const examples = taught.map(({ found, kind, offset }) => {
    const kept = [...found].filter(([bucket]) => (known[bucket] as number) >= 0);
    return {
      at: Int32Array.from(kept, ([bucket]) => known[bucket] as number),
      values: Float64Array.from(
        kept,
        ([bucket, value]) => value * (rarity[known[bucket] as number] as number),
      ),
      kind: KINDS.indexOf(kind),
      ...(offset && { offset }),
    };
  });
  const fitted = regress(examples, { classes, dimension: rarity.length, c, iterations });
  const weights = new Float32Array(BUCKETS * classes);
  known.forEach((at, bucket) => {
    for (let kind = 0; at >= 0 && kind < classes; kind++)
      weights[bucket * classes + kind] = (fitted[at * classes + kind] as number) * (rarity[at] as number);
  });
  return { weights, bias: [...fitted.subarray(-classes)] };
}

function vocabulary(taught: Taught[], least: number): { known: Int32Array; rarity: number[] } {
  const counts = new Int32Array(BUCKETS);
  for (const { found } of taught) for (const bucket of found.keys()) (counts[bucket] as number)++;
  const rarity: number[] = [];
  const known = new Int32Array(BUCKETS).map((_, bucket) => {
    const count = counts[bucket] as number;
    return count < least ? -1 : rarity.push(Math.sqrt(Math.log((1 + taught.length) / (1 + count)) + 1)) - 1;
  });
  return { known, rarity };
}
