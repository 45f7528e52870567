import { createHash } from 'node:crypto';
import { visible } from '../visible.ts';
import type { Field, Shape, StreamShape } from './shape.ts';

/**
 * How much each kind of change matters to who reads the data: `breaking` breaks them, a `warning` wants a look,
 * `information` does neither. The worst first.
 */
const SEVERITY = {
  'stream removed': 'breaking',
  'key changed': 'breaking',
  'bookmark changed': 'breaking',
  'key removed': 'breaking',
  'key may be null': 'breaking',
  'type changed': 'breaking',
  'type widened to text or a structure': 'breaking',
  'time format changed': 'breaking',
  'field removed': 'warning',
  'type widened': 'warning',
  'key narrowed': 'warning',
  'may be null': 'warning',
  'stream added': 'information',
  'field added': 'information',
  'type narrowed': 'information',
  'never null any more': 'information',
  'format changed': 'information',
} as const;
type Kind = keyof typeof SEVERITY;
const KINDS = Object.keys(SEVERITY) as Kind[];

export interface Change {
  kind: Kind;
  severity: (typeof SEVERITY)[Kind];
  text: string;
}

/** What has changed for readers of the data, the worst first; a field is told once, for the worst of its changes. */
export function changesBetween(before: Shape, after: Shape): Change[] {
  return union(before, after)
    .flatMap((name) => streamChanges(name, before[name], after[name]))
    .sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
}

/** Equal changes since the same commit have equal fingerprints: one drift is one ticket, however often it is seen. */
export function fingerprint(changes: Change[], since: string): string {
  const told = changes.map(({ kind, text }) => [kind, text]);
  return createHash('sha256')
    .update(JSON.stringify([since, told]))
    .digest('hex')
    .slice(0, 16);
}

const union = (a: object, b: object) => [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();

/** Names come from the repository: nothing in them may look like something else in a ticket. */
const change = (kind: Kind, text: string): Change => ({
  kind,
  severity: SEVERITY[kind],
  text: visible(text.replaceAll('\n', ' ')),
});

function streamChanges(name: string, before?: StreamShape, after?: StreamShape): Change[] {
  if (!before) return [change('stream added', `stream ${name}`)];
  if (!after) return [change('stream removed', `stream ${name}`)];
  const used = [...before.keys, before.replicationKey];
  const fields = union(before.fields, after.fields).flatMap((path) => {
    const kind = fieldKind(before.fields[path], after.fields[path], used.includes(path));
    if (!kind) return [];
    return change(kind, `${name}.${path} was ${told(before.fields[path])}, is ${told(after.fields[path])}`);
  });
  return [...keyChanges(name, before, after), ...fields];
}

function keyChanges(name: string, before: StreamShape, after: StreamShape): Change[] {
  const was = { key: before.keys.join(', '), bookmark: before.replicationKey ?? '' };
  const is = { key: after.keys.join(', '), bookmark: after.replicationKey ?? '' };
  return (['key', 'bookmark'] as const)
    .filter((which) => was[which] !== is[which])
    .map((which) =>
      change(
        `${which} changed`,
        `the ${which} of ${name} was ${was[which] || 'none'}, is ${is[which] || 'none'}`,
      ),
    );
}

/** The worst that happened to a field; `isUsed` when it is a key or the bookmark. */
function fieldKind(before: Field | undefined, after: Field | undefined, isUsed: boolean): Kind | undefined {
  if (!before) return 'field added';
  if (!after) return isUsed ? 'key removed' : 'field removed';
  const kinds = [typeKind(before, after, isUsed), nullKind(before, after, isUsed), formatKind(before, after)];
  return KINDS.find((kind) => kinds.includes(kind));
}

/** Every integer is a number, and whatever has no type may be anything. */
const accepts = ({ types }: Field, type: string) =>
  types.length === 0 || types.includes(type) || (type === 'integer' && types.includes('number'));

function typeKind(before: Field, after: Field, isUsed: boolean): Kind | undefined {
  if (before.types.join() === after.types.join()) return undefined;
  const narrowed = isUsed ? 'key narrowed' : 'type narrowed';
  if (before.types.length === 0) return narrowed;
  if (after.types.length === 0) return 'type widened to text or a structure';
  const gained = after.types.filter((type) => !accepts(before, type));
  if (gained.length === 0) return narrowed;
  if (!before.types.some((type) => accepts(after, type))) return 'type changed';
  const isLoose = gained.some((type) => ['string', 'object', 'array'].includes(type));
  return isLoose ? 'type widened to text or a structure' : 'type widened';
}

function nullKind(before: Field, after: Field, isUsed: boolean): Kind | undefined {
  if (before.nullable === after.nullable) return undefined;
  if (before.nullable) return 'never null any more';
  return isUsed ? 'key may be null' : 'may be null';
}

/** Formats of time decide a column's type; the others are remarks. */
function formatKind(before: Field, after: Field): Kind | undefined {
  if (before.format === after.format) return undefined;
  const isTime = [before, after].some(({ format = '' }) => ['date-time', 'date', 'time'].includes(format));
  return isTime ? 'time format changed' : 'format changed';
}

function told(field: Field | undefined): string {
  if (!field) return 'not there';
  const types = [...field.types, ...(field.nullable ? ['null'] : [])].join(' or ') || 'anything';
  return field.format ? `${types} (${field.format})` : types;
}
