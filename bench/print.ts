type Cell = string | number | undefined;

/** A table for people. */
export function print(title: string, head: string[], rows: Cell[][]): void {
  const line = (cells: Cell[]) =>
    cells.map((cell, at) => (at ? String(cell ?? '-').padStart(16) : String(cell).padEnd(16))).join('');
  process.stdout.write(`\n${[title, line(head), ...rows.map(line)].join('\n')}\n`);
}

/** A peer's rate with how many times it ours is; our own alone. */
export function ratio(rate: number | undefined, ours: number | undefined): string {
  if (rate === undefined) return '-';
  return `${Math.round(rate)}${ours ? ` (${(ours / rate).toFixed(1)}x)` : ''}`;
}

/** The power of `by` that the cost grows with: the slope of a straight line through both logarithms. 0: not at all; 1: in step. */
export function exponent<Row extends Record<string, number>>(
  rows: Row[],
  by: string,
  cost: (row: Row) => number,
): string {
  const points = rows.map((row) => [Math.log(row[by] ?? 1), Math.log(cost(row))] as const);
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const over = points.reduce((sum, [one, other]) => sum + (one - x) * (other - y), 0);
  return (over / points.reduce((sum, [one]) => sum + (one - x) ** 2, 0)).toFixed(2);
}
