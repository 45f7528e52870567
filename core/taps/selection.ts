import * as z from 'zod';

const Metadata = z
  .object({ breadcrumb: z.array(z.string()), metadata: z.record(z.string(), z.unknown()) })
  .loose();
const Stream = z
  .object({
    tap_stream_id: z.string().optional(),
    stream: z.string().optional(),
    schema: z.record(z.string(), z.unknown()).default({}),
    replication_key: z.string().nullish(),
    metadata: z.array(Metadata).default([]),
  })
  .loose();
const Catalog = z.object({ streams: z.array(Stream) }).loose();
export type Catalog = z.infer<typeof Catalog>;

export function readCatalog(text: string): Catalog {
  return Catalog.parse(JSON.parse(text));
}

export function nameOf({ tap_stream_id: id, stream }: Catalog['streams'][number]): string {
  return id ?? stream ?? '';
}

/** The catalog with everything selected, in each of the ways in which taps ask for it. */
export function allSelected(catalog: Catalog): Catalog {
  return { ...catalog, streams: catalog.streams.map(selected) };
}

function selected(stream: Catalog['streams'][number]): Catalog['streams'][number] {
  const entries = stream.metadata.map((entry) => {
    const isOut = entry.metadata.inclusion === 'unsupported';
    return isOut ? entry : { ...entry, metadata: { ...entry.metadata, selected: true } };
  });
  const hasRoot = entries.some(({ breadcrumb }) => breadcrumb.length === 0);
  const root = hasRoot ? [] : [{ breadcrumb: [], metadata: { selected: true } }];
  const schema = { ...stream.schema, selected: true };
  return { ...stream, selected: true, schema, metadata: [...root, ...entries] };
}

/** By stream, the property that its bookmark holds. */
export function replicationKeys({ streams }: Catalog): [stream: string, key: string][] {
  return streams.flatMap((stream) => {
    const root = stream.metadata.find(({ breadcrumb }) => breadcrumb.length === 0)?.metadata ?? {};
    const valid = root['valid-replication-keys'];
    const key =
      stream.replication_key ?? root['replication-key'] ?? (Array.isArray(valid) ? valid[0] : undefined);
    return typeof key === 'string' && key ? [[stream.stream ?? nameOf(stream), key] as [string, string]] : [];
  });
}

const FAR = '2999-01-01T00:00:00Z';

/** The state with every time in its bookmarks far ahead; undefined when it has none. A tap finds nothing after that. */
export function farAhead(state: unknown): unknown {
  let count = 0;
  const moved = JSON.parse(JSON.stringify(state), (_name, value) => {
    if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return value;
    count++;
    return value.length === 10 ? FAR.slice(0, 10) : FAR;
  });
  return count > 0 ? moved : undefined;
}
