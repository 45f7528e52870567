import * as z from 'zod';
import { Fault } from '../fault.ts';
import { parse } from '../parse.ts';
import { type Alternative, alternativesOf, deeper, type Place, written } from './alternatives.ts';

const Field = z.object({
  /** Sorted, without `null` unless that is all; none at all means anything. */
  types: z.array(z.string()),
  nullable: z.boolean(),
  format: z.string().optional(),
  /** The only values there may be, each as JSON, sorted. */
  values: z.array(z.string()).optional(),
  /** That it is always there, when what it is in is. */
  required: z.literal(true).optional(),
  /** That it has no other properties than its fields. */
  closed: z.literal(true).optional(),
  limits: z.record(z.string(), z.unknown()).optional(),
  inclusion: z.string().optional(),
  selectedByDefault: z.boolean().optional(),
});
export type Field = z.infer<typeof Field>;

const StreamShape = z.object({
  keys: z.array(z.string()),
  replicationKey: z.string().optional(),
  replicationMethod: z.string().optional(),
  closed: z.literal(true).optional(),
  /** By path, `a.b[].c`. */
  fields: z.record(z.string(), Field),
});
export type StreamShape = z.infer<typeof StreamShape>;

/** A catalog without what does not matter to who reads the data: descriptions, order, selection. Per stream. */
export const Shape = z.record(z.string(), StreamShape);
export type Shape = z.infer<typeof Shape>;

const Names = z.array(z.string()).optional().catch(undefined);

const Metadata = z.object({
  breadcrumb: z.array(z.string()).catch([]),
  metadata: z
    .object({
      'table-key-properties': Names,
      'view-key-properties': Names,
      'valid-replication-keys': Names,
      'replication-key': z.string().optional().catch(undefined),
      'forced-replication-method': z.string().optional().catch(undefined),
      'replication-method': z.string().optional().catch(undefined),
      inclusion: z.string().optional().catch(undefined),
      'selected-by-default': z.boolean().optional().catch(undefined),
    })
    .catch({}),
});
type Metadata = z.infer<typeof Metadata>['metadata'];

const Catalog = z.object({
  streams: z.array(
    z.object({
      tap_stream_id: z.string().nullish(),
      stream: z.string().nullish(),
      schema: z.unknown().optional(),
      key_properties: z.array(z.string()).nullish(),
      replication_key: z.string().nullish(),
      replication_method: z.string().nullish(),
      metadata: z.array(Metadata).nullish(),
    }),
  ),
});
type Stream = z.infer<typeof Catalog>['streams'][number];

/** More fields than any source has: a schema made to cost. */
const MOST_FIELDS = 200_000;

/** The shape of a catalog as a tap prints it, however unsound its schemas are. Throws `Invalid` when it is no catalog, or made to cost. */
export function shapeOf(catalog: unknown): Shape {
  const room = { left: MOST_FIELDS };
  const named = parse(Catalog, catalog).streams.map(
    (stream) => [stream.tap_stream_id ?? stream.stream ?? '', streamShape(stream, room)] as const,
  );
  return Object.fromEntries(named.sort(byName));
}

interface Room {
  left: number;
}

function streamShape(stream: Stream, room: Room): StreamShape {
  const { schema } = stream;
  const said = metadataOf(stream);
  const about = said.get('') ?? {};
  const keys = stream.key_properties ?? about['table-key-properties'] ?? about['view-key-properties'] ?? [];
  const replicationKey =
    stream.replication_key ??
    about['replication-key'] ??
    about['valid-replication-keys']?.toSorted().join(', ');
  const replicationMethod =
    stream.replication_method ?? about['forced-replication-method'] ?? about['replication-method'];
  const roots = alternativesOf(schema, { root: schema, refs: [], depth: 0 });
  const fields = fieldsIn(roots, '', room).map(([path, field]) => {
    const { inclusion, 'selected-by-default': selectedByDefault } = said.get(path) ?? {};
    const told = {
      ...(inclusion && { inclusion }),
      ...(selectedByDefault !== undefined && { selectedByDefault }),
    };
    return [path, { ...field, ...told }] as const;
  });
  return {
    keys: [...new Set(keys)].sort(),
    ...(replicationKey && { replicationKey }),
    ...(replicationMethod && { replicationMethod: replicationMethod.toUpperCase() }),
    ...(isClosed(roots.map(([one]) => one)) && { closed: true as const }),
    fields: Object.fromEntries(fields.sort(byName)),
  };
}

/** What the metadata says, by path; `''` is the stream itself. */
function metadataOf({ metadata }: Stream): Map<string, Metadata> {
  return new Map((metadata ?? []).map((item) => [pathOf(item.breadcrumb), item.metadata]));
}

/** `["properties", "a", "items", "properties", "b"]` is `a[].b`. */
export function pathOf(breadcrumb: string[]): string {
  const steps: string[] = [];
  for (let at = 0; at < breadcrumb.length; at += 1) {
    if (breadcrumb[at] === 'items') steps.push('[]');
    else if (breadcrumb[at] === 'properties') {
      at += 1;
      steps.push(`.${written(breadcrumb[at] ?? '')}`);
    }
  }
  return steps.join('').replace(/^\./, '');
}

type Forms = [Alternative, Place][];

/** Every field inside; one that several forms have is one field with the forms of each. */
function fieldsIn(forms: Forms, path: string, room: Room): [string, Field][] {
  const inside = new Map<string, Forms>();
  for (const [form, place] of forms) {
    for (const [step, schemas] of Map.groupBy(form.inside, ([step]) => step)) {
      const all = schemas.map(([, schema]) => schema);
      const schema = all.length === 1 ? all[0] : { allOf: all };
      inside.set(step, [...(inside.get(step) ?? []), ...alternativesOf(schema, deeper(place))]);
    }
  }
  room.left -= inside.size;
  if (room.left < 0) throw new Fault('Invalid', `A catalog has more than ${MOST_FIELDS} fields`);
  const always = requiredIn(forms);
  return [...inside].flatMap(([step, its]) => {
    const at = (path + step).replace(/^\./, '');
    const field = fieldOf(
      its.map(([one]) => one),
      always.has(step),
    );
    return [[at, field] as [string, Field], ...fieldsIn(its, at, room)];
  });
}

/** The steps to what every object among the forms has. */
function requiredIn(forms: Forms): Set<string> {
  const objects = forms.map(([one]) => one).filter(({ types }) => !types || types.includes('object'));
  const [first, ...others] = objects.map(({ required }) => new Set(required));
  return new Set(
    [...(first ?? [])]
      .filter((name) => others.every((set) => set.has(name)))
      .map((name) => `.${written(name)}`),
  );
}

/** Forms count as one set: `anyOf` of a string and null is a string that may be null. */
function fieldOf(forms: Alternative[], isRequired: boolean): Field {
  const types = forms.some((form) => !form.types) ? [] : merged(forms.map((form) => form.types ?? []));
  const present = forms.filter((form) => form.types?.join() !== 'null');
  const formats = merged(present.map(({ format }) => (format ? [format] : [])));
  const isListed = present.length > 0 && present.every(({ values }) => values);
  const values = merged(present.map((form) => form.values ?? [])).filter((one) => one !== 'null');
  const [only, ...others] = present;
  const isLimited = only && others.length === 0 && Object.keys(only.limits).length > 0;
  return {
    types: plainTypes(types),
    nullable: forms.some(mayBeNull),
    ...(formats.length > 0 && { format: formats.join(' or ') }),
    ...(isListed && { values }),
    ...(isRequired && { required: true as const }),
    ...(isClosed(forms) && { closed: true as const }),
    ...(isLimited && { limits: only.limits }),
  };
}

function mayBeNull({ types, values }: Alternative): boolean {
  return (types?.includes('null') ?? true) && (values?.includes('null') ?? true);
}

function isClosed(forms: Alternative[]): boolean {
  const objects = forms.filter(({ types }) => types?.includes('object'));
  return objects.length > 0 && objects.every((form) => form.isClosed);
}

/** Every integer is a number; `null` is told apart, unless there is nothing else. */
function plainTypes(types: string[]): string[] {
  const plain = types.filter((type) => type !== 'null' && !(type === 'integer' && types.includes('number')));
  return plain.length === 0 ? types : plain;
}

function merged(lists: string[][]): string[] {
  return [...new Set(lists.flat())].sort();
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
