import pc from 'picocolors';
import type { Edge, ExecutionView, Place } from '#local/inspect/execution.ts';
import { columns, facts, moment } from './layout.ts';

type Row = Record<string, unknown>;

/** What the local AWS says about itself, for people: rows, an execution, a log or a few facts. */
export function inside(found: unknown, now: number): string {
  if (Array.isArray(found)) return rows(found, now);
  if (typeof found !== 'object' || found === null) return String(found);
  if ('places' in found) return execution(found as ExecutionView, now);
  const { log, ...about } = found as Row;
  return [list(about, now), log].filter(Boolean).join('\n\n');
}

function list(row: Row, now: number): string {
  return facts(Object.entries(row).map(([name, value]) => [name, cell(value, now)]));
}

function rows(all: Row[], now: number): string {
  if (all.length === 0) return 'Nothing here.';
  const names = [...new Set(all.flatMap((row) => Object.keys(row)))];
  return columns([
    names.map((name) => pc.bold(name)),
    ...all.map((row) => names.map((name) => cell(row[name], now))),
  ]);
}

function cell(value: unknown, now: number): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return moment(value, now);
  return typeof value === 'string' ? value.replace(/\s+/g, ' ').slice(0, 200) : JSON.stringify(value);
}

function execution(view: ExecutionView, now: number): string {
  const { places, edges, history, waits, input, output, start: _, ...rest } = view;
  const events = history.map(({ id, at, type, state }) => ({ id, at, type, state }));
  const blocks: [string, string][] = [
    ['states', places.map((place) => stateLine(place, edges)).join('\n')],
    ['waits for', rows(waits, now)],
    ['input', JSON.stringify(input)],
    ['output', JSON.stringify(output)],
    ['history', rows(events, now)],
  ];
  return [list(rest, now), ...blocks.map(([name, body]) => `${pc.bold(name)}\n${body}`)].join('\n\n');
}

const MARKS = { untouched: pc.dim('·'), done: pc.green('✓'), now: pc.cyan('●'), failed: pc.red('✗') };

/** `✓ Classify Task → Diagnose`: what became of a state, and where it was left to. */
function stateLine({ name, type, status, entered, retried }: Place, edges: Edge[]): string {
  const next = edges.filter(({ from, isTaken }) => from === name && isTaken).map(({ to }) => to);
  const counts = [
    ...(entered > 1 ? [`${entered} times`] : []),
    ...(retried > 0 ? [`${retried} retried`] : []),
  ];
  const more = counts.length > 0 ? ` (${counts.join(', ')})` : '';
  const line = `${name} ${pc.dim(type)}${more}${next.length > 0 ? ` → ${next.join(', ')}` : ''}`;
  return `${MARKS[status]} ${status === 'untouched' ? pc.dim(line) : line}`;
}
