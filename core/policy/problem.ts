/** A step into a document: a key or an index. */
export type Path = readonly (string | number)[];

/** Something found in a policy, at a place of its document. */
export interface Finding {
  severity: 'error' | 'warning';
  path: Path;
  message: string;
  /** The place is the key itself, not its value. */
  isKey?: boolean;
}

/** A finding with its place in the file, counted from 1. */
export interface Problem {
  severity: 'error' | 'warning';
  line: number;
  column: number;
  /** As in `rules[3].over_limit`; empty for the whole file. */
  path: string;
  message: string;
}

/** A path as people write it. */
export function inWords(path: Path): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at ? '.' : ''}${step}`))
    .join('');
}

/** `, did you mean X?` when something that is known is written nearly like it; otherwise what is known. */
export function meant(said: string, known: readonly string[]): string {
  const best = known
    .map((name) => ({ name, away: distance(said.slice(0, 60), name) }))
    .reduce((one, other) => (other.away < one.away ? other : one), {
      name: '',
      away: Number.POSITIVE_INFINITY,
    });
  if (best.away <= Math.max(2, best.name.length / 3)) return `; did you mean ${best.name}?`;
  return known.length > 0 ? `; known are ${known.join(', ')}` : '';
}

/** Characters to put in, leave out, replace or swap so that one word becomes the other. */
function distance(one: string, other: string): number {
  let [before, row] = [[] as number[], Array.from({ length: other.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const same = Number(one[i - 1] !== other[j - 1]);
      next[j] = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same);
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (isSwap) next[j] = Math.min(next[j] as number, (before[j - 2] ?? 0) + 1);
    }
    [before, row] = [row, next];
  }
  return row[other.length] ?? 0;
}
