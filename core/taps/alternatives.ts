import * as z from 'zod';
import { Fault } from '../fault.ts';

/** Limits on values that a reader may rely on, by JSON Schema's own word. */
const LIMITS = [
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'pattern',
] as const;

const Names = z.array(z.string()).catch([]);
const Schemas = z.record(z.string(), z.unknown()).catch({});
const List = z.array(z.unknown()).catch([]);

/** What is read of a schema; a word with a value that it cannot have counts as absent. The checks of a catalog say what is wrong with it. */
const Schema = z.object({
  $ref: z.string().optional().catch(undefined),
  type: z.unknown().optional(),
  format: z.string().optional().catch(undefined),
  enum: z.array(z.unknown()).optional().catch(undefined),
  const: z.unknown().optional(),
  required: Names,
  properties: Schemas,
  patternProperties: Schemas,
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  prefixItems: List,
  anyOf: List,
  oneOf: List,
  allOf: List,
});
type Schema = z.infer<typeof Schema>;

/** One form that a value may have, without `anyOf` and the like. */
export interface Alternative {
  /** JSON's own names; absent when any will do. */
  types?: string[];
  format?: string;
  /** As JSON; absent when there is no such list. */
  values?: string[];
  required: string[];
  /** Whether no other property than the named ones may be there. */
  isClosed: boolean;
  limits: Record<string, unknown>;
  /** What is inside, by the step that leads there: `.name`, `[]`. */
  inside: [step: string, schema: unknown][];
}

/** Where a schema stands: in what, for references; through which of them; and how deep. */
export interface Place {
  root: unknown;
  refs: string[];
  depth: number;
}

export const deeper = (place: Place): Place => ({ ...place, depth: place.depth + 1 });

/** More forms than a person could read, or a schema made to cost. */
const MOST = 200;
const DEEPEST = 60;

/** Every form that a schema allows; one that refers to itself ends where it does. Throws `Invalid` for one that is made to cost. */
export function alternativesOf(given: unknown, place: Place): [Alternative, Place][] {
  if (place.depth > DEEPEST) throw new Fault('Invalid', `A schema is nested over ${DEEPEST} deep`);
  const schema = Schema.catch(ANY).parse(given);
  if (schema.$ref !== undefined) return referred(schema.$ref, place);
  const inner = deeper(place);
  const either = [...schema.anyOf, ...schema.oneOf].flatMap((one) => alternativesOf(one, inner));
  const all = [
    ...(either.length > 0 ? [either] : []),
    ...schema.allOf.map((one) => alternativesOf(one, inner)),
  ];
  return all.reduce<[Alternative, Place][]>(
    (before, more) => {
      const both = before.flatMap(([a]) => more.map(([b, at]): [Alternative, Place] => [joined(a, b), at]));
      if (both.length > MOST) throw new Fault('Invalid', `A schema allows more than ${MOST} forms`);
      return both;
    },
    [[plain(schema, given), place]],
  );
}

const ANY: Schema = Schema.parse({});

/** What cannot be followed may be anything: the checks of a catalog complain of it. */
function referred(ref: string, place: Place): [Alternative, Place][] {
  if (place.refs.includes(ref) || !ref.startsWith('#')) return [[plain(ANY, {}), place]];
  const path = ref
    .slice(1)
    .split('/')
    .filter(Boolean)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const found = path.reduce<unknown>((at, step) => Schemas.parse(at)[step], place.root);
  return alternativesOf(found, { ...deeper(place), refs: [...place.refs, ref] });
}

function plain(schema: Schema, given: unknown): Alternative {
  const values = 'const' in Schemas.parse(given) ? [schema.const] : schema.enum;
  const types = typesOf(schema, values);
  const { additionalProperties: more } = schema;
  const said = Schemas.parse(given);
  return {
    ...(types && { types }),
    ...(schema.format && { format: schema.format }),
    ...(values && { values: values.map((one) => JSON.stringify(one)) }),
    required: schema.required,
    isClosed: more === false,
    limits: Object.fromEntries(LIMITS.filter((name) => name in said).map((name) => [name, said[name]])),
    inside: inside(schema),
  };
}

/** Types as said; where none are, what properties, items or a list of values imply. */
function typesOf({ type, properties, items }: Schema, values?: unknown[]): string[] | undefined {
  const said = [type].flat(9).filter((one) => typeof one === 'string');
  if (said.length > 0) return said;
  if (Object.keys(properties).length > 0) return ['object'];
  if (items !== undefined) return ['array'];
  return values?.map(jsonType);
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function inside(schema: Schema): Alternative['inside'] {
  const { properties, patternProperties, additionalProperties: more, items, prefixItems } = schema;
  const each = [...prefixItems, ...(Array.isArray(items) ? items : [])];
  return [
    ...Object.entries(properties).map(([name, one]): [string, unknown] => [`.${written(name)}`, one]),
    ...Object.entries(patternProperties).map(([name, one]): [string, unknown] => [`./${name}/`, one]),
    ...(typeof more === 'object' && more !== null && Object.keys(more).length > 0
      ? [['.*', more] as [string, unknown]]
      : []),
    ...(typeof items === 'object' && items !== null && !Array.isArray(items)
      ? [['[]', items] as [string, unknown]]
      : []),
    ...each.map((one, index): [string, unknown] => [`[${index}]`, one]),
  ];
}

/** A name as it stands in a path; one that could be read as two is in quotes. */
export function written(name: string): string {
  return /^[^.[\]"*/]+$/.test(name) ? name : JSON.stringify(name);
}

/** A form that is both. */
function joined(a: Alternative, b: Alternative): Alternative {
  const types = both(a.types, b.types);
  const values = both(a.values, b.values);
  const format = a.format ?? b.format;
  return {
    ...(types && { types }),
    ...(format && { format }),
    ...(values && { values }),
    required: [...a.required, ...b.required],
    isClosed: a.isClosed || b.isClosed,
    limits: { ...a.limits, ...b.limits },
    inside: [...a.inside, ...b.inside],
  };
}

function both(a: string[] | undefined, b: string[] | undefined): string[] | undefined {
  if (!a || !b) return a ?? b;
  const common = a.filter((one) => b.includes(one));
  const isWhole = (one: string) => one === 'integer' && [a, b].some((list) => list.includes('number'));
  return [...new Set([...common, ...[...a, ...b].filter(isWhole)])];
}
