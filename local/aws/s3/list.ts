import type { RestReply } from '../service.ts';
import type { Bucket } from './buckets.ts';
import type { Objects, StoredObject } from './objects.ts';
import { type Elements, xmlReply } from './xml.ts';

interface Page {
  contents: StoredObject[];
  prefixes: string[];
  /** The last key that the page covers, when more follow. */
  next?: string;
}

/** ListObjectsV2. */
export function list(objects: Objects, bucket: Bucket, query: URLSearchParams): RestReply {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxKeys = Math.min(1000, Number(query.get('max-keys') ?? 1000));
  const token = query.get('continuation-token');
  const after = token ? Buffer.from(token, 'base64url').toString() : (query.get('start-after') ?? '');
  const page = pageOf(objects.list(bucket.name, prefix, after), { prefix, delimiter, maxKeys, after });
  const name = query.get('encoding-type') === 'url' ? encodeURIComponent : (key: string) => key;
  return xmlReply('ListBucketResult', {
    ...{ Name: bucket.name, Prefix: name(prefix), MaxKeys: maxKeys, Delimiter: delimiter || undefined },
    KeyCount: page.contents.length + page.prefixes.length,
    IsTruncated: page.next !== undefined,
    ContinuationToken: token ?? undefined,
    StartAfter: query.get('start-after') ?? undefined,
    EncodingType: query.get('encoding-type') ?? undefined,
    NextContinuationToken: page.next === undefined ? undefined : Buffer.from(page.next).toString('base64url'),
    Contents: page.contents.map((object) => contents(object, name)),
    CommonPrefixes: page.prefixes.map((one) => ({ Prefix: name(one) })),
  });
}

interface Cut {
  prefix: string;
  delimiter: string;
  maxKeys: number;
  after: string;
}

function pageOf(found: StoredObject[], { prefix, delimiter, maxKeys, after }: Cut): Page {
  const page: Page = { contents: [], prefixes: [] };
  let last = after;
  for (const object of found) {
    const group = groupOf(object.key, prefix, delimiter);
    const isTold = group !== undefined && page.prefixes.at(-1) === group;
    if (!isTold && page.contents.length + page.prefixes.length === maxKeys) return { ...page, next: last };
    if (group === undefined) page.contents.push(object);
    else if (!isTold) page.prefixes.push(group);
    last = object.key;
  }
  return page;
}

/** What keys are folded into: up to and with the first delimiter after the prefix. */
function groupOf(key: string, prefix: string, delimiter: string): string | undefined {
  const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

function contents({ key, modified, etag, size }: StoredObject, name: (key: string) => string): Elements {
  return {
    Key: name(key),
    LastModified: new Date(modified).toISOString(),
    ETag: `"${etag}"`,
    Size: size,
    StorageClass: 'STANDARD',
  };
}
