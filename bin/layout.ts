import { stripVTControlCharacters } from 'node:util';

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** How long ago, or in how long: `3 minutes ago`, `in 2 days`. */
export function relative(iso: string, now = Date.now()): string {
  const away = Date.parse(iso) - now;
  const [unit, length] = UNITS.find(([, length]) => Math.abs(away) >= length) ?? (['second', 1_000] as const);
  return RELATIVE.format(Math.trunc(away / length), unit).replace('in 0 seconds', 'now');
}

/** A moment on this machine's clock, and how far away it is: `2026-11-21 03:39 (3 minutes ago)`. */
export function moment(iso: string, now = Date.now()): string {
  return `${local(iso).slice(0, 16)} (${relative(iso, now)})`;
}

/** A time of day on this machine's clock; with its date when that is not today. */
export function timeOfDay(iso: string, now = Date.now()): string {
  const at = local(iso);
  return at.slice(0, 10) === local(new Date(now).toISOString()).slice(0, 10) ? at.slice(11) : at;
}

/** Sweden writes dates as ISO 8601 does. */
function local(iso: string): string {
  return new Date(iso).toLocaleString('sv');
}

/** Columns as wide as their widest cell, two spaces apart, whatever is coloured; lines end where the terminal does. */
export function columns(rows: string[][], width = process.stdout.columns): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => length(row[column] ?? ''))),
  );
  return rows
    .map((row) => cut(row.map((cell, column) => padded(cell, widths[column] ?? 0)).join('  '), width))
    .join('\n');
}

/** Names and values below each other; a value of several lines stays in its column, and one without a value is left out. */
export function facts(rows: [name: string, value: string | undefined | false][], indent = 2): string {
  const there = rows.filter((row): row is [string, string] => Boolean(row[1]));
  const width = Math.max(...there.map(([name]) => name.length));
  const start = ' '.repeat(indent);
  return there
    .map(
      ([name, value]) =>
        `${start}${name.padEnd(width)}  ${value.replaceAll('\n', `\n${start}${' '.repeat(width + 2)}`)}`,
    )
    .join('\n');
}

function length(text: string): number {
  return stripVTControlCharacters(text).length;
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - length(text)));
}

/** Only the last column is ever long, and it is not coloured: what is cut off is plain text. */
function cut(line: string, width: number | undefined): string {
  const text = line.trimEnd();
  const over = width ? length(text) - width : 0;
  return over > 0 ? `${text.slice(0, -over - 1)}…` : text;
}
