import * as z from 'zod';
import { parse } from '../parse.ts';

const Field = z.object({
  /** Sorted, without `null`; none at all means anything. */
  types: z.array(z.string()),
  nullable: z.boolean(),
  format: z.string().optional(),
});
export type Field = z.infer<typeof Field>;

const StreamShape = z.object({
  keys: z.array(z.string()),
  replicationKey: z.string().optional(),
  /** By path, `a.b[].c`. */
  fields: z.record(z.string(), Field),
});
export type StreamShape = z.infer<typeof StreamShape>;

/** A catalog without what does not matter to who reads the data: descriptions, order, selection. Per stream. */
export const Shape = z.record(z.string(), StreamShape);
export type Shape = z.infer<typeof Shape>;

const Schema = z.object({
  type: z.union([z.string(), z.array(z.string())]).default([]),
  format: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).default({}),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).default([]),
  oneOf: z.array(z.unknown()).default([]),
});

const Metadata = z.object({
  breadcrumb: z.array(z.string()),
  metadata: z.object({ 'table-key-properties': z.array(z.string()).optional() }).default({}),
});

const Catalog = z.object({
  streams: z.array(
    z.object({
      tap_stream_id: z.string().optional(),
      stream: z.string().optional(),
      schema: z.unknown(),
      key_properties: z.array(z.string()).optional(),
      replication_key: z.string().nullish(),
      metadata: z.array(Metadata).default([]),
    }),
  ),
});
type Stream = z.infer<typeof Catalog>['streams'][number];

/** The shape of a catalog as a tap prints it. Throws `Invalid` when a schema in it is not one. */
export function shapeOf(catalog: unknown): Shape {
  const named = parse(Catalog, catalog).streams.map(
    (stream) => [stream.tap_stream_id ?? stream.stream ?? '', streamShape(stream)] as const,
  );
  return Object.fromEntries(named.sort(byName));
}

function streamShape({ schema, key_properties, replication_key, metadata }: Stream): StreamShape {
  const root = metadata.find(({ breadcrumb }) => breadcrumb.length === 0)?.metadata;
  const keys = key_properties ?? root?.['table-key-properties'] ?? [];
  return {
    keys: [...keys].sort(),
    ...(replication_key && { replicationKey: replication_key }),
    fields: Object.fromEntries(fieldsBelow(schema, '').sort(byName)),
  };
}

function fieldsBelow(schema: unknown, path: string): [string, Field][] {
  const { properties, items, anyOf, oneOf } = parse(Schema, schema ?? {});
  const named = Object.entries(properties).flatMap(([name, one]) =>
    fieldAt(one, path ? `${path}.${name}` : name),
  );
  const each = items === undefined || Array.isArray(items) ? [] : fieldAt(items, `${path}[]`);
  return [...named, ...each, ...[...anyOf, ...oneOf].flatMap((one) => fieldsBelow(one, path))];
}

function fieldAt(schema: unknown, path: string): [string, Field][] {
  const types = typesOf(schema);
  const format = formatOf(schema);
  const field = {
    types: types.filter((type) => type !== 'null'),
    nullable: types.includes('null'),
    ...(format && { format }),
  };
  return [[path, field], ...fieldsBelow(schema, path)];
}

/** Alternatives count as one set: `anyOf` of a string and null is a string that may be null. */
function typesOf(schema: unknown): string[] {
  const { type, anyOf, oneOf } = parse(Schema, schema ?? {});
  return [...new Set([...[type].flat(), ...[...anyOf, ...oneOf].flatMap(typesOf)])].sort();
}

function formatOf(schema: unknown): string | undefined {
  const { format, anyOf, oneOf } = parse(Schema, schema ?? {});
  return format ?? [...anyOf, ...oneOf].map(formatOf).find((one) => one !== undefined);
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
