import type { Field, StreamShape } from './shape.ts';

/** Pairs of names that one comparison of catalogs looks at: whoever renames everything at once is not helped by guesses. */
export const MOST_PAIRS = 1_000_000;
const ALIKE = 0.6;
const SAME_STREAM = 0.8;

/** How many pairs may still be looked at. */
export interface Room {
  left: number;
}

type Likeness = (a: string, b: string) => number;

/** Names that are gone and the new ones that they probably became, the likeliest first; each is in one pair only. None where there is no room to look. */
export function pairs(
  gone: string[],
  fresh: string[],
  { likeness, room }: { likeness: Likeness; room: Room },
): [string, string][] {
  if (gone.length * fresh.length > room.left) return [];
  room.left -= gone.length * fresh.length;
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
export function fieldLikeness(before: StreamShape, after: StreamShape): Likeness {
  const was = remembering((path) => named(path, before.fields[path]));
  const is = remembering((path) => named(path, after.fields[path]));
  return (a, b) => {
    const [one, other] = [was(a), is(b)];
    if (one.kind !== other.kind) return 0;
    const how = nameLikeness(one, other);
    return how >= ALIKE ? how : 0;
  };
}

/** How much two streams have the same fields; 0 when that is too little to call one the other. */
export function streamLikeness(before: Map<string, StreamShape>, after: Map<string, StreamShape>): Likeness {
  const was = remembering((name) => new Set(Object.keys(before.get(name)?.fields ?? {})));
  const is = remembering((name) => new Set(Object.keys(after.get(name)?.fields ?? {})));
  return (a, b) => {
    const [one, other] = [was(a), is(b)];
    if (one.size === 0 || Math.min(one.size, other.size) < SAME_STREAM * Math.max(one.size, other.size))
      return 0;
    let common = 0;
    for (const path of one) if (other.has(path)) common++;
    const how = common / (one.size + other.size - common);
    return how >= SAME_STREAM ? how : 0;
  };
}

/** Each name is in many pairs. */
function remembering<T>(make: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const found = known.get(name) ?? make(name);
    known.set(name, found);
    return found;
  };
}

interface Named {
  words: string[];
  /** All of them in one. */
  text: string;
  /** The place and the type: what differs in these never became the other. */
  kind: string;
}

function named(path: string, field: Field | undefined): Named {
  const words = wordsOf(lastOf(path));
  const kind = JSON.stringify([parentOf(path), field?.types, field?.format]);
  return { words, text: words.join(''), kind };
}

export function parentOf(path: string): string {
  return path.slice(0, -lastOf(path).length);
}

/** The last step of a path; a name in quotes may hold a dot. */
function lastOf(path: string): string {
  return /(?:\.?"(?:[^"\\]|\\.)*"|\.?\/.*\/|\[\d*\]|\.?[^.[\]"]+)$/.exec(path)?.[0] ?? path;
}

/** 1 when only spelling differs (`createdAt`, `created_at`); else by words in common or by letters to change. */
function nameLikeness(one: Named, other: Named): number {
  if (one.text === other.text) return 1;
  const [few, many] = one.words.length <= other.words.length ? [one, other] : [other, one];
  const isPart = few.text.length >= 3 && few.words.every((word) => many.words.includes(word));
  const letters = Math.max(one.text.length, other.text.length);
  const most = Math.floor((1 - ALIKE) * letters);
  const changes = distance(one.text, other.text, most);
  return Math.max(isPart ? 0.7 : 0, changes > most ? 0 : 1 - changes / letters);
}

function wordsOf(name: string): string[] {
  const words = name.replace(/([a-z\d])([A-Z])/g, '$1 $2').toLowerCase();
  return words.match(/[\p{L}\p{N}]+/gu) ?? [words];
}

/** Letters to add, drop or change to make one name of the other; more than `most` is not counted to its end. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    let least = i + 1;
    for (let j = 0; j < b.length; j++) {
      const change = (row[j] as number) + (a[i] === b[j] ? 0 : 1);
      const now = Math.min((next[j] as number) + 1, (row[j + 1] as number) + 1, change);
      next.push(now);
      least = Math.min(least, now);
    }
    if (least > most) return most + 1;
    row = next;
  }
  return row.at(-1) as number;
}
