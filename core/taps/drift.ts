import { createHash } from 'node:crypto';
import { oneLine } from '../visible.ts';
import { type Consumer, isWithin, readersOf } from './consumers.ts';
import { closedChange, fieldChanges, type Step, typesTold } from './field-changes.ts';
import { fieldLikeness, MOST_PAIRS, pairs, parentOf, type Room, streamLikeness } from './rename.ts';
import { RULES, type Rule, SEVERITIES, type Severity, type SeverityOverrides } from './severity.ts';
import type { Field, Shape, StreamShape } from './shape.ts';

export interface Change {
  rule: Rule;
  /** The rule without its case. */
  kind: string;
  severity: Severity;
  stream: string;
  /** Absent when it is about the whole stream. */
  path?: string;
  was: string;
  is: string;
  /** Who is known to read it. */
  readers: string[];
}

/** How changes are judged: by whom the data is read, and what the tenant makes of each rule. */
export interface Judgement {
  consumers?: Consumer[];
  overrides?: SeverityOverrides;
}

/** What has changed for readers of the data, the worst first. */
export function changesBetween(before: Shape, after: Shape, judgement: Judgement = {}): Change[] {
  const [was, is] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  const gone = [...was.keys()].filter((name) => !is.has(name));
  const fresh = [...is.keys()].filter((name) => !was.has(name));
  const room = { left: MOST_PAIRS };
  const renamed = new Map(pairs(gone, fresh, { likeness: streamLikeness(was, is), room }));
  const became = new Set(renamed.values());
  const found = [
    ...gone
      .filter((name) => !renamed.has(name))
      .map((name) => at(name, 'STREAM_REMOVED', 'there', 'not there')),
    ...fresh
      .filter((name) => !became.has(name))
      .map((name) => at(name, 'STREAM_ADDED', 'not there', 'there')),
    ...[...renamed].map(([from, to]) => at(from, 'STREAM_RENAMED', from, `probably ${to}`)),
    ...[...was].flatMap(([name, shape]) => {
      const other = is.get(renamed.get(name) ?? name);
      return other ? streamChanges({ name, before: shape, after: other, judgement, room }) : [];
    }),
  ];
  return judged(found, judgement);
}

/** What was found without its judgement. */
export type Found = Step & { stream: string; path?: string };

function at(stream: string, rule: Rule, was: string, is: string): Found {
  return { stream, rule, was, is };
}

/** The worst is 0. */
export const rank = (severity: Severity) =>
  ['breaking', 'warning', 'information', 'ignored'].indexOf(severity);

/** Each with its severity and its readers, the worst first; names come from strangers, and are written out. */
export function judged(found: Found[], { consumers = [], overrides = {} }: Judgement): Change[] {
  return found
    .map(({ rule, stream, path, was, is }): Change => {
      const readers = readersOf(consumers, stream, path);
      const severity = overrides[rule] ?? SEVERITIES[rule];
      const [kind = rule] = rule.split(':');
      const place = { stream: oneLine(stream), ...(path !== undefined && { path: oneLine(path) }) };
      return { rule, kind, severity, ...place, was: oneLine(was), is: oneLine(is), readers };
    })
    .filter(({ severity }) => severity !== 'ignored')
    .sort((a, b) => rank(a.severity) - rank(b.severity) || RULES.indexOf(a.rule) - RULES.indexOf(b.rule));
}

interface Pair {
  name: string;
  before: StreamShape;
  after: StreamShape;
  judgement: Judgement;
  room: Room;
}

function streamChanges(pair: Pair): Found[] {
  const { name: stream, before, after } = pair;
  const key = (shape: StreamShape) => shape.keys.join(', ') || 'none';
  const steps: Step[] = [
    { rule: 'KEY_PROPERTIES_CHANGED', was: key(before), is: key(after) },
    {
      rule: 'REPLICATION_KEY_CHANGED',
      was: before.replicationKey ?? 'none',
      is: after.replicationKey ?? 'none',
    },
    {
      rule: 'REPLICATION_METHOD_CHANGED',
      was: before.replicationMethod ?? after.replicationMethod ?? '',
      is: after.replicationMethod ?? before.replicationMethod ?? '',
    },
  ];
  return [
    ...steps.filter(({ was, is }) => was !== is),
    ...closedChange(before.closed, after.closed),
    ...fieldsChanged(pair),
  ].map((one) => ({ ...one, stream }));
}

function fieldsChanged(pair: Pair): Omit<Found, 'stream'>[] {
  const { before, after } = pair;
  const [was, is] = [new Map(Object.entries(before.fields)), new Map(Object.entries(after.fields))];
  const gone = [...was.keys()].filter((path) => !is.has(path));
  const fresh = [...is.keys()].filter((path) => !was.has(path));
  const [goneTop, freshTop] = [outermost(gone, is), outermost(fresh, was)];
  const renamed = new Map(
    pairs(goneTop, freshTop, { likeness: fieldLikeness(before, after), room: pair.room }),
  );
  const became = new Set(renamed.values());
  const spellings = Map.groupBy(is.keys(), (path) => path.toLowerCase());
  const kept = [...was].flatMap(([path, field]) => {
    const other = is.get(path);
    if (!other) return [];
    return fieldChanges(field, other, { path, isKey: isKey(pair, path) }).map((one) => ({ ...one, path }));
  });
  return [
    ...kept,
    ...goneTop
      .filter((path) => !renamed.has(path))
      .map((path) => ({ path, rule: removal(pair, path), was: told(was, path, gone), is: 'not there' })),
    ...freshTop
      .filter((path) => !became.has(path))
      .map((path) => ({
        path,
        rule: addition(path, spellings),
        was: 'not there',
        is: told(is, path, fresh),
      })),
    ...[...renamed].map(([path, to]) => ({
      path,
      rule: 'PROPERTY_RENAMED' as const,
      was: path,
      is: `probably ${to}`,
    })),
  ];
}

/** Those whose parent is there on the other side and still holds something: what went with its parent is told with it. */
function outermost(paths: string[], others: Map<string, Field>): string[] {
  const all = new Set(paths);
  return paths.filter((path) => {
    const parent = parentOf(path);
    if (parent === '') return true;
    const other = others.get(parent);
    return !all.has(parent) && (!other || other.types.some(holds));
  });
}

const holds = (type: string) => type === 'object' || type === 'array';

function told(fields: Map<string, Field>, path: string, others: string[]): string {
  const field = fields.get(path);
  const below = others.filter((one) => one !== path && isWithin(one, path)).length;
  const what = `${field ? typesTold(field) : ''}${field?.nullable ? ', may be null' : ''}`;
  return below > 0 ? `${what}, with ${below} more below it` : what;
}

/** Whether rows are told apart or followed by it. */
function isKey({ before }: Pair, path: string): boolean {
  return [...before.keys, ...(before.replicationKey?.split(', ') ?? [])].includes(path);
}

function removal(pair: Pair, path: string): Rule {
  const isRead = readersOf(pair.judgement.consumers ?? [], pair.name, path).length > 0;
  return isRead || isKey(pair, path) ? 'PROPERTY_REMOVED:used' : 'PROPERTY_REMOVED';
}

function addition(path: string, spellings: Map<string, string[]>): Rule {
  const clashes = (spellings.get(path.toLowerCase())?.length ?? 0) > 1;
  return clashes ? 'PROPERTY_ADDED:clash' : 'PROPERTY_ADDED';
}

/** What a sample shows: its words differ with the rows. */
const SAMPLED = [
  'UNDECLARED_FIELD_SEEN',
  'FIELD_NEVER_SEEN',
  'RECORD_TYPE_VIOLATION',
  'VOLUME_ZERO',
  'READ_FAILED',
];

/** A change's name: the same as long as it is the same change, however it is judged. */
export function idOf({ kind, stream, path = '', was, is }: Change): string {
  return hash([kind, stream, path, ...(SAMPLED.includes(kind) ? [] : [was, is])]);
}

/** Equal changes since the same baseline have equal fingerprints: one drift is one ticket, however often it is seen. */
export function fingerprint(ids: string[], since: string): string {
  return hash([since, ...ids.toSorted()]);
}

function hash(parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** A change in a sentence. */
export function sentence({ stream, path, was, is }: Pick<Change, 'stream' | 'path' | 'was' | 'is'>): string {
  return `${path === undefined ? `stream ${stream}` : `${stream}.${path}`}: ${was} → ${is}`;
}
