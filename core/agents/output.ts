/** Characters of a tool's result that a model gets to see. */
const MOST = 16_000;

/** The beginning and the end of a long output, and how much is left out between; `where` names the whole of it. */
export function headAndTail(text: string, where?: string): string {
  if (text.length <= MOST) return text;
  const half = MOST / 2;
  const left = text.length - MOST;
  const note = `[… ${left} characters left out${where ? `; all of it is in ${where}` : ''} …]`;
  return `${text.slice(0, half)}\n${note}\n${text.slice(-half)}`;
}

/** Where a line begins something that others use. */
const DEFINES =
  /^\s*(?:export |public |async |default )*(?:def|class|function|interface|type|const|struct|func)\b/;
const ASIDE = /(?:^|\/)(?:tests?|docs?)\/|\.(?:md|rst|txt|lock|json|csv)$/;
const PER_FILE = 20;

/** Lines of `file:number:text`, as search programs print them: definitions first, then the files that have most of them; tests and documents last. */
export function ranked(found: string): string {
  const files = Map.groupBy(found.split('\n').filter(Boolean), (line) => line.slice(0, line.indexOf(':')));
  const rank = (file: string, lines: string[]) =>
    (ASIDE.test(file) ? 0 : 1_000) + (lines.some(defines) ? 500 : 0) + Math.min(lines.length, 400);
  return [...files]
    .sort(([a, one], [b, other]) => rank(b, other) - rank(a, one) || a.localeCompare(b))
    .flatMap(([file, lines]) => [
      ...lines.toSorted((a, b) => Number(defines(b)) - Number(defines(a))).slice(0, PER_FILE),
      ...(lines.length > PER_FILE ? [`${file}: ${lines.length - PER_FILE} more lines match`] : []),
    ])
    .join('\n');
}

function defines(line: string): boolean {
  return DEFINES.test(line.replace(/^[^:]*:\d+:/, ''));
}

/** Lines with their numbers, as far as they fit. */
export function numbered(text: string, { start = 1, end }: { start?: number; end?: number }): string {
  const lines = text.split('\n');
  const last = Math.min(end ?? lines.length, lines.length);
  const shown: string[] = [];
  let size = 0;
  for (let number = start; number <= last; number++) {
    const line = `${number}\t${(lines[number - 1] ?? '').slice(0, 2_000)}`;
    size += line.length + 1;
    if (size > MOST)
      return `${shown.join('\n')}\n[… lines ${number}–${last} do not fit; ask for them by \`start\` and \`end\`]`;
    shown.push(line);
  }
  return shown.length > 0 ? shown.join('\n') : `[there are ${lines.length} lines]`;
}
