import { list } from './patch.ts';
import type { Shape } from './shape.ts';

/** A commit's catalog, and the words of its README and its docs. */
export interface Described {
  shape: Shape;
  text: string;
}

export interface Documentation {
  verdict: 'PASS' | 'WARN' | 'SKIP';
  detail: string;
}

/**
 * Whether a tap's documentation speaks of the streams and fields that there are. Held to that is only what lists most streams
 * at all; what it left out before the change is said, and not held against the change.
 */
export function documentation(head: Described, base?: Described): Documentation {
  const streams = Object.keys(head.shape);
  const left = unnamed(head);
  if (!isList(head) && !(base && isList(base)))
    return {
      verdict: 'SKIP',
      detail: `README and docs name ${streams.length - left.length} of ${streams.length} streams, so nothing says how they are`,
    };
  const known = new Set(base ? unnamed(base) : []);
  const missing = [...left.filter((name) => !known.has(name)), ...(base ? fieldsLeft(head, base) : [])];
  if (missing.length > 0) return { verdict: 'WARN', detail: `README and docs do not name ${list(missing)}` };
  const stale = base ? stillNamed(head, base) : [];
  if (stale.length > 0)
    return {
      verdict: 'SKIP',
      detail: `README or docs name ${list(stale)} as before, which no stream has any more`,
    };
  if (left.length > 0)
    return { verdict: 'SKIP', detail: `as before the change, README and docs do not name ${list(left)}` };
  return { verdict: 'PASS', detail: `README and docs name all ${streams.length} streams` };
}

function isList(one: Described): boolean {
  return unnamed(one).length * 2 <= Object.keys(one.shape).length;
}

function unnamed({ shape, text }: Described): string[] {
  return Object.keys(shape).filter((name) => !word(name).test(text));
}

/** New fields of streams all of whose fields were named. */
function fieldsLeft(head: Described, base: Described): string[] {
  return Object.keys(head.shape).flatMap((stream) => {
    const [now, before] = [fieldsOf(head, stream), fieldsOf(base, stream)];
    if (before.length === 0 || !before.every((field) => code(field).test(base.text))) return [];
    return now
      .filter((field) => !before.includes(field) && !code(field).test(head.text))
      .map((field) => `${stream}.${field}`);
  });
}

/** Names of streams and fields that have gone altogether, in lines that the change has left alone. */
function stillNamed(head: Described, base: Described): string[] {
  const names = ({ shape }: Described) =>
    Object.keys(shape).flatMap((stream) => [stream, ...fieldsOf({ shape, text: '' }, stream)]);
  const now = new Set(names(head));
  const gone = [...new Set(names(base))].filter((name) => !now.has(name));
  const before = new Set(base.text.split('\n'));
  const kept = head.text.split('\n').filter((line) => before.has(line));
  return gone.filter((name) => kept.some((line) => code(name).test(line)));
}

/** Fields on top. */
function fieldsOf({ shape }: Described, stream: string): string[] {
  const fields = Object.hasOwn(shape, stream) ? shape[stream]?.fields : undefined;
  return Object.keys(fields ?? {}).filter((path) => !/[.[]/.test(path));
}

const exactly = (name: string) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** As a word of its own. */
function word(name: string): RegExp {
  return new RegExp(`(?<![\\w-])${exactly(name)}(?![\\w-])`);
}

/** As code, or alone in the cell of a table. */
function code(name: string): RegExp {
  const exact = exactly(name);
  return new RegExp(`\`${exact}\`|\\|\\s*${exact}\\s*\\|`);
}
