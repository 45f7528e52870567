import { createHash } from 'node:crypto';
import * as z from 'zod';

const Schema: z.ZodType<{
  type?: string | string[];
  format?: string;
  properties?: Record<string, unknown>;
  items?: unknown;
}> = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
});

const Catalog = z.object({
  streams: z.array(
    z.object({
      tap_stream_id: z.string(),
      schema: Schema,
      key_properties: z.array(z.string()).default([]),
      replication_key: z.string().nullish(),
    }),
  ),
});

/** A catalog without what does not matter to who reads the data: path → type, sorted, per stream. */
export const Shape = z.record(
  z.string(),
  z.object({
    keys: z.array(z.string()),
    replicationKey: z.string(),
    fields: z.record(z.string(), z.string()),
  }),
);
export type Shape = z.infer<typeof Shape>;

/** How much a change matters to who reads the data: `breaking` breaks them, `warning` wants a look, `information` does not. */
export interface Change {
  severity: 'breaking' | 'warning' | 'information';
  text: string;
}

/** The shape of a catalog as a tap prints it. Descriptions, order and selection are left out. */
export function shapeOf(catalogText: string): Shape {
  const { streams } = Catalog.parse(JSON.parse(catalogText));
  const sorted = [...streams].sort((a, b) => (a.tap_stream_id < b.tap_stream_id ? -1 : 1));
  return Object.fromEntries(
    sorted.map(({ tap_stream_id: id, schema, key_properties: keys, replication_key: replicationKey }) => [
      id,
      {
        keys: [...keys].sort(),
        replicationKey: replicationKey ?? '',
        fields: Object.fromEntries(fieldsOf(schema, '').sort()),
      },
    ]),
  );
}

function fieldsOf(schema: unknown, path: string): [string, string][] {
  const { type = 'any', format, properties = {}, items } = Schema.parse(schema ?? {});
  const here = [[type].flat().sort().join('|'), format].filter(Boolean).join(' ');
  const below = Object.entries(properties).flatMap(([name, one]) =>
    fieldsOf(one, path ? `${path}.${name}` : name),
  );
  const each = items === undefined ? [] : fieldsOf(items, `${path}[]`);
  return [...(path ? [[path, here] as [string, string]] : []), ...below, ...each];
}

/** What has changed for readers of the data, the worst first. */
export function changesBetween(before: Shape, after: Shape): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .flatMap((name) => streamChanges(name, before[name], after[name]))
    .sort((a, b) => rank(a) - rank(b));
}

const rank = ({ severity }: Change) => ['breaking', 'warning', 'information'].indexOf(severity);

function streamChanges(
  name: string,
  before: Shape[string] | undefined,
  after: Shape[string] | undefined,
): Change[] {
  if (!before) return [{ severity: 'information', text: `stream ${name} is new` }];
  if (!after) return [{ severity: 'breaking', text: `stream ${name} is gone` }];
  const paths = [...new Set([...Object.keys(before.fields), ...Object.keys(after.fields)])].sort();
  return [
    ...keyChanges(name, before, after),
    ...paths.flatMap((path) => fieldChange(`${name}.${path}`, before.fields[path], after.fields[path])),
  ];
}

function keyChanges(name: string, before: Shape[string], after: Shape[string]): Change[] {
  const keys: Change[] =
    before.keys.join() === after.keys.join()
      ? []
      : [
          {
            severity: 'breaking',
            text: `the key of ${name} was ${before.keys.join(', ') || 'none'}, is ${after.keys.join(', ') || 'none'}`,
          },
        ];
  const bookmark: Change[] =
    before.replicationKey === after.replicationKey
      ? []
      : [
          {
            severity: 'breaking',
            text: `the bookmark of ${name} was ${before.replicationKey || 'none'}, is ${after.replicationKey || 'none'}`,
          },
        ];
  return [...keys, ...bookmark];
}

function fieldChange(path: string, before: string | undefined, after: string | undefined): Change[] {
  if (before === after) return [];
  if (before === undefined) return [{ severity: 'information', text: `${path} is new (${after})` }];
  if (after === undefined) return [{ severity: 'warning', text: `${path} is gone (was ${before})` }];
  const gained = after.split(/[| ]/).filter((type) => !before.split(/[| ]/).includes(type));
  const onlyNull = gained.every((type) => type === 'null') && gained.length > 0;
  return [
    {
      severity: onlyNull ? 'warning' : gained.length === 0 ? 'information' : 'breaking',
      text: `${path} was ${before}, is ${after}`,
    },
  ];
}

/** Equal changes have equal fingerprints: one drift is one ticket, however often it is seen. */
export function fingerprint(changes: Change[]): string {
  return createHash('sha256').update(JSON.stringify(changes)).digest('hex').slice(0, 16);
}
