import * as z from 'zod';
import type { Finding } from './finding.ts';
import { schemaProblems } from './metaschema.ts';

const Names = z.array(z.string()).nullish().catch(undefined);
const Text = z.string().nullish().catch(undefined);
const Schemas = z.record(z.string(), z.unknown()).catch({});

const Stream = z.object({
  schema: z.record(z.string(), z.unknown()).optional().catch(undefined),
  key_properties: Names,
  replication_key: Text,
  replication_method: Text,
  metadata: z
    .array(
      z.object({
        breadcrumb: z.array(z.string()).catch(['?']),
        metadata: z
          .object({
            inclusion: Text,
            'table-key-properties': Names,
            'valid-replication-keys': Names,
            'replication-key': Text,
            'forced-replication-method': Text,
            'replication-method': Text,
          })
          .catch({}),
      }),
    )
    .catch([]),
});
type Stream = z.infer<typeof Stream>;

interface Place {
  name: string;
  stream: Stream;
  properties: Record<string, unknown>;
}

type Told = [rule: string, grade: 'FAIL' | 'WARN', text: string];

/** Everything that is wrong with one stream of a catalog. */
export function streamFindings(given: unknown, name: string): Finding[] {
  const stream = Stream.parse(given);
  const { schema } = stream;
  if (!schema) return told(name, [['SCHEMA', 'FAIL', 'its schema is no object']]);
  if (isDeep(schema, 0)) return told(name, [['SCHEMA', 'FAIL', `its schema is nested over ${DEEPEST} deep`]]);
  const place = { name, stream, properties: Schemas.parse(schema.properties) };
  return told(name, [
    ...schemaTold(schema),
    ...rootTold(schema, place),
    ...refsTold(schema),
    ...keysTold(place),
    ...replicationTold(place),
    ...metadataTold(schema, place),
  ]);
}

function told(stream: string, all: Told[]): Finding[] {
  return all.map(([rule, grade, text]) => ({ rule, grade, stream, text: `${stream}: ${text}` }));
}

/** Unsound when no dialect accepts it; a warning when one of those that readers validate with does not. */
function schemaTold(schema: object): Told[] {
  const problems = schemaProblems(schema);
  const [[dialect, [first = ''] = []] = ['', []]] = problems;
  if (problems.size === 0) return [];
  if (problems.size < 3) {
    const dialects = [...problems.keys()].join(' and ');
    return [
      [
        'SCHEMA_DIALECT',
        'WARN',
        `its schema is not valid in ${dialects}, by which some targets validate: ${first}`,
      ],
    ];
  }
  return (problems.get(dialect) ?? []).map(
    (one): Told => ['SCHEMA', 'FAIL', `its schema is no JSON Schema: ${one}`],
  );
}

function rootTold({ type }: Record<string, unknown>, { properties }: Place): Told[] {
  const types = [type].flat(2);
  return [
    ...(Object.keys(properties).length > 0
      ? []
      : [['NO_PROPERTIES', 'FAIL', 'its schema has no properties'] as Told]),
    ...(type === undefined
      ? [['ROOT_TYPE', 'WARN', 'its schema does not say that it is an object'] as Told]
      : []),
    ...(type === undefined || types.includes('object')
      ? []
      : [['ROOT_TYPE', 'FAIL', `its schema is of type ${types.join(', ')}, not object`] as Told]),
  ];
}

/** Levels of JSON, several of which make one level of a schema; what is deeper was made to cost. */
const DEEPEST = 150;

function isDeep(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth > DEEPEST || Object.values(value).some((one) => isDeep(one, depth + 1));
}

function refsTold(schema: Record<string, unknown>): Told[] {
  const refs = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('$ref' in value && typeof value.$ref === 'string') refs.add(value.$ref);
    for (const one of Object.values(value)) look(one);
  };
  look(schema);
  return [...refs]
    .filter((ref) => !ref.startsWith('#') || !isThere(schema, ref))
    .map((ref): Told => ['REF', 'FAIL', `its schema refers to ${ref}, which is not in it`]);
}

function isThere(schema: unknown, ref: string): boolean {
  const steps = ref.slice(1).split('/').filter(Boolean);
  const found = steps.reduce<unknown>(
    (at, step) => Schemas.parse(at)[step.replaceAll('~1', '/').replaceAll('~0', '~')],
    schema,
  );
  return found !== undefined;
}

function keysTold({ stream, properties }: Place): Told[] {
  const about = rootMetadata(stream);
  const keys = [...(stream.key_properties ?? []), ...(about['table-key-properties'] ?? [])];
  const marks = [
    stream.replication_key,
    about['replication-key'],
    ...(about['valid-replication-keys'] ?? []),
  ];
  const missing = (names: string[]) => [...new Set(names)].filter((one) => !Object.hasOwn(properties, one));
  return [
    ...missing(keys).map((key): Told => ['KEY_MISSING', 'FAIL', `key ${key} is not in its schema`]),
    ...missing(marks.filter((one) => typeof one === 'string')).map(
      (key): Told => ['REPLICATION_KEY_MISSING', 'FAIL', `replication key ${key} is not in its schema`],
    ),
  ];
}

function replicationTold({ stream, properties }: Place): Told[] {
  const about = rootMetadata(stream);
  const method =
    stream.replication_method ?? about['forced-replication-method'] ?? about['replication-method'];
  const key = stream.replication_key ?? about['replication-key'];
  const candidates = [...(key ? [key] : []), ...(about['valid-replication-keys'] ?? [])];
  const isIncremental = method?.toUpperCase() === 'INCREMENTAL';
  const schema = key && Object.hasOwn(properties, key) ? Schemas.parse(properties[key]) : undefined;
  const types = [
    schema?.type,
    ...[schema?.anyOf, schema?.oneOf].flat().map((one) => Schemas.parse(one).type),
  ].flat(2);
  const isOrdered = types.some((type) => ['string', 'integer', 'number'].includes(String(type)));
  return [
    ...(isIncremental && candidates.length === 0
      ? [['REPLICATION_METHOD', 'FAIL', 'it is INCREMENTAL without a replication key'] as Told]
      : []),
    ...(method && !isIncremental && method.toUpperCase() !== 'LOG_BASED' && key
      ? [['REPLICATION_METHOD', 'WARN', `it has the replication key ${key}, and is ${method}`] as Told]
      : []),
    ...(schema && types.some(Boolean) && !isOrdered
      ? [
          [
            'REPLICATION_KEY_TYPE',
            'FAIL',
            `replication key ${key} has no order: it is ${types.filter(Boolean).join(', ')}`,
          ] as Told,
        ]
      : []),
  ];
}

function rootMetadata({ metadata }: Stream) {
  return metadata.find(({ breadcrumb }) => breadcrumb.length === 0)?.metadata ?? {};
}

function metadataTold(schema: object, { stream, properties }: Place): Told[] {
  const { metadata } = stream;
  if (metadata.length === 0) return [['METADATA', 'WARN', 'it has no metadata']];
  const said = new Map(metadata.map((item) => [JSON.stringify(item.breadcrumb), item]));
  const at = (name: string) => said.get(JSON.stringify(['properties', name]))?.metadata.inclusion;
  const silent = Object.keys(properties).filter((name) => !at(name));
  const keys = [...(stream.key_properties ?? []), ...(rootMetadata(stream)['table-key-properties'] ?? [])];
  const optional = [...new Set(keys)].filter((key) => at(key) && at(key) !== 'automatic');
  const nowhere = metadata.filter(({ breadcrumb }) => !reaches(schema, breadcrumb));
  return [
    ...(silent.length > 0 ? [['INCLUSION', 'WARN', `no inclusion is said for ${few(silent)}`] as Told] : []),
    ...optional.map(
      (key): Told => ['KEY_OPTIONAL', 'WARN', `key ${key} can be left out: its inclusion is ${at(key)}`],
    ),
    ...nowhere.map(
      ({ breadcrumb }): Told => [
        'BREADCRUMB',
        'WARN',
        `metadata is about ${breadcrumb.join('/')}, which is not in its schema`,
      ],
    ),
    ...(said.size < metadata.length
      ? [['BREADCRUMB_TWICE', 'WARN', 'metadata names a place twice'] as Told]
      : []),
  ];
}

function reaches(schema: unknown, breadcrumb: string[]): boolean {
  const [first, ...rest] = breadcrumb;
  if (first === undefined) return true;
  const here = Schemas.parse(schema);
  const next = Object.hasOwn(here, first) ? here[first] : undefined;
  if (next !== undefined) return reaches(next, rest);
  return [here.anyOf, here.oneOf, here.allOf]
    .flat()
    .some((one) => one !== undefined && reaches(one, breadcrumb));
}

function few(names: string[]): string {
  return names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
}
