import type { Field, StreamShape } from './shape.ts';

/** More pairs than this are not compared: whoever renames everything at once is not helped by guesses. */
const MOST_PAIRS = 200_000;
const ALIKE = 0.6;
const SAME_STREAM = 0.8;

/** Names that are gone and the new ones that they probably became, the likeliest first; each is in one pair only. */
export function pairs(
  gone: string[],
  fresh: string[],
  likeness: (a: string, b: string) => number,
): [string, string][] {
  if (gone.length * fresh.length > MOST_PAIRS) return [];
  const likely = gone
    .flatMap((a) => fresh.map((b) => [a, b, likeness(a, b)] as const))
    .filter(([, , how]) => how > 0)
    .sort((one, other) => other[2] - one[2] || (one[0] + one[1] < other[0] + other[1] ? -1 : 1));
  const taken = new Set<string>();
  return likely.flatMap(([a, b]): [string, string][] => {
    if (taken.has(`-${a}`) || taken.has(`+${b}`)) return [];
    taken.add(`-${a}`).add(`+${b}`);
    return [[a, b]];
  });
}

/** How likely a field became another: in the same place, of the same type, with a name that is like it; 0 when not. */
export function fieldLikeness(before: StreamShape, after: StreamShape) {
  return (a: string, b: string): number => {
    if (parentOf(a) !== parentOf(b) || !isSameType(before.fields[a], after.fields[b])) return 0;
    const how = nameLikeness(lastOf(a), lastOf(b));
    return how >= ALIKE ? how : 0;
  };
}

/** How much two streams have the same fields; 0 when that is too little to call one the other. */
export function streamLikeness(before: Map<string, StreamShape>, after: Map<string, StreamShape>) {
  return (a: string, b: string): number => {
    const [one, other] = [before.get(a), after.get(b)].map(
      (shape) => new Set(Object.keys(shape?.fields ?? {})),
    );
    if (!one || !other || one.size === 0) return 0;
    const common = [...one].filter((path) => other.has(path)).length;
    const how = common / (one.size + other.size - common);
    return how >= SAME_STREAM ? how : 0;
  };
}

function isSameType(a: Field | undefined, b: Field | undefined): boolean {
  return a?.types.join() === b?.types.join() && a?.format === b?.format;
}

export function parentOf(path: string): string {
  return path.slice(0, -lastOf(path).length);
}

/** The last step of a path; a name in quotes may hold a dot. */
function lastOf(path: string): string {
  return /(?:\.?"(?:[^"\\]|\\.)*"|\.?\/.*\/|\[\d*\]|\.?[^.[\]"]+)$/.exec(path)?.[0] ?? path;
}

/** 1 when only spelling differs (`createdAt`, `created_at`); else by words in common or by letters to change. */
function nameLikeness(a: string, b: string): number {
  const [one, other] = [wordsOf(a), wordsOf(b)];
  if (one.join('') === other.join('')) return 1;
  const [few, many] = one.length <= other.length ? [one, other] : [other, one];
  const isPart = few.join('').length >= 3 && few.every((word) => many.includes(word));
  const lengths = [one.join('').length, other.join('').length];
  const letters = Math.max(...lengths);
  // Too unlike in length to be alike in letters, which are dear to compare.
  if (Math.min(...lengths) / letters < ALIKE) return isPart ? 0.7 : 0;
  return Math.max(isPart ? 0.7 : 0, 1 - distance(one.join(''), other.join('')) / letters);
}

function wordsOf(name: string): string[] {
  const words = name.replace(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase();
  return words.match(/[\p{L}\p{N}]+/gu) ?? [words];
}

/** Letters to add, drop or change to make one name of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries())
      next.push(
        Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
