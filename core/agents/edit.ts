import { Fault } from '../fault.ts';

export interface Replacement {
  path: string;
  old: string;
  new: string;
}

/** The text with its one occurrence of `old` replaced. Throws `Invalid`, saying what was found instead. */
export function replaceOnce(text: string, { path, old, new: wanted }: Replacement): string {
  if (old === wanted) throw new Fault('Invalid', '`old` and `new` are the same: nothing would change');
  const first = text.indexOf(old);
  if (first < 0) throw new Fault('Invalid', missing(text, { path, old, new: wanted }));
  const lines = occurrences(text, old);
  if (lines.length > 1) {
    throw new Fault(
      'Invalid',
      `\`old\` occurs ${lines.length} times in ${path}, at lines ${lines.join(', ')}: give more of the lines around the one you mean`,
    );
  }
  return text.slice(0, first) + wanted + text.slice(first + old.length);
}

function occurrences(text: string, old: string): number[] {
  const lines: number[] = [];
  for (let at = text.indexOf(old); at >= 0; at = text.indexOf(old, at + 1)) {
    lines.push(text.slice(0, at).split('\n').length);
  }
  return lines;
}

function missing(text: string, { path, old, new: wanted }: Replacement): string {
  if (wanted.trim() && text.includes(wanted))
    return `\`old\` is not in ${path}, but \`new\` is: the edit is already made`;
  const near = nearest(text, old);
  const hint = near ? `. The nearest lines are ${near.from}–${near.to}:\n${near.text}` : '';
  return `\`old\` does not occur in ${path}${hint}`;
}

/** The lines most like the ones asked for, if at least half of those are there when spaces do not count. */
function nearest(text: string, old: string): { from: number; to: number; text: string } | undefined {
  const lines = text.split('\n');
  const wanted = old.replace(/^\n+|\n+$/g, '').split('\n');
  let best = { score: 0, at: 0 };
  for (let at = 0; at + wanted.length <= lines.length; at++) {
    const score = wanted.filter((line, index) => likeness(line, lines[at + index] ?? '') > 0.6).length;
    if (score > best.score) best = { score, at };
  }
  if (best.score * 2 < wanted.length) return undefined;
  const found = lines.slice(best.at, best.at + wanted.length);
  return { from: best.at + 1, to: best.at + found.length, text: found.join('\n').slice(0, 2_000) };
}

/** Shared pairs of letters, from 0 to 1; spaces do not count. */
function likeness(a: string, b: string): number {
  const [left, right] = [pairs(a), pairs(b)];
  if (left.length === 0 || right.length === 0) return left.length === right.length ? 1 : 0;
  const rest = [...right];
  let both = 0;
  for (const pair of left) {
    const at = rest.indexOf(pair);
    if (at < 0) continue;
    rest.splice(at, 1);
    both++;
  }
  return (2 * both) / (left.length + right.length);
}

function pairs(line: string): string[] {
  const plain = line.replace(/\s+/g, '').slice(0, 200);
  return [...plain].slice(1).map((letter, index) => `${plain[index]}${letter}`);
}
