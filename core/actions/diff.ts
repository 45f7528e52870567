import type { Facts } from './facts.ts';
import type { FactProvider } from './measure.ts';
import { PullRequestPayload } from './types/repo.ts';

/** How much a pull request changes. */
export const diffProvider: FactProvider = {
  provides: ['files_changed', 'lines_changed'],
  measure: async ({ payload }): Promise<Facts> => {
    const size = diffSize(PullRequestPayload.parse(payload).diff);
    return size ? { files_changed: size.files, lines_changed: size.lines } : {};
  },
};

interface Size {
  files: number;
  /** Added and removed; nothing when a file has none to count. */
  lines?: number | undefined;
}

const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const BINARY = /^(?:Binary files .* differ|GIT binary patch)$/;
const HEADING =
  /^(?:index|old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to|similarity index|dissimilarity index|---|\+\+\+) /;

/** Counts what `git diff` says. Nothing when any line of it is not understood: then nobody knows what it changes. */
export function diffSize(diff: string): Size | undefined {
  const left = { old: 0, new: 0 };
  const size = { files: 0, lines: 0, isBinary: false };
  for (const line of diff.replace(/\n$/, '').split('\n')) {
    const isRead = left.old + left.new > 0 ? change(line, left, size) : heading(line, left, size);
    if (!isRead) return undefined;
  }
  if (left.old + left.new > 0 || size.files === 0) return undefined;
  return { files: size.files, lines: size.isBinary ? undefined : size.lines };
}

type Left = { old: number; new: number };

/** A line within a hunk, whose own heading says how many there are. */
function change(line: string, left: Left, size: { lines: number }): boolean {
  const sign = line[0] ?? ' ';
  if (sign === '\\') return true;
  if (sign !== '+') left.old -= 1;
  if (sign !== '-') left.new -= 1;
  if (sign !== ' ') size.lines += 1;
  return ' +-'.includes(sign) && left.old >= 0 && left.new >= 0;
}

function heading(line: string, left: Left, size: { files: number; isBinary: boolean }): boolean {
  const hunk = HUNK.exec(line);
  if (hunk) {
    left.old = Number(hunk[1] ?? 1);
    left.new = Number(hunk[2] ?? 1);
    return size.files > 0;
  }
  if (line.startsWith('diff --git ')) size.files += 1;
  else if (BINARY.test(line)) size.isBinary = true;
  else return HEADING.test(line) || line.startsWith('\\');
  return true;
}
