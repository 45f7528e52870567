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
