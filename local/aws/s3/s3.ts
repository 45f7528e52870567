import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { AwsError, type Rest, type RestReply, type RestRequest, refuse } from '../service.ts';
import { type Bucket, bucket as parseBucket } from './buckets.ts';
import { list } from './list.ts';
import { type Objects, objects as openObjects } from './objects.ts';
import { found, read } from './read.ts';
import { copy, put, remove, retain } from './write.ts';
import { childrenOf, malformed, xmlReply } from './xml.ts';

/** A request about one object of a bucket that exists. */
export interface ObjectRequest {
  method: string;
  bucket: Bucket;
  key: string;
  versionId?: string;
  headers: RestRequest['headers'];
  body: Buffer;
}

export interface S3 {
  rest: Rest;
  define(bucket: string, properties: Record<string, unknown>): void;
  names(): string[];
}

/** Parameters that choose an operation or its details; `x-id` only names it. */
const QUERY = [
  ...[
    'x-id',
    'list-type',
    'prefix',
    'delimiter',
    'max-keys',
    'continuation-token',
    'start-after',
    'encoding-type',
  ],
  ...['delete', 'versionId', 'retention'],
];

/** Headers beside those of metadata and checksums that change nothing here, or that are handled. */
const HEADERS = [
  ...[
    'x-amz-content-sha256',
    'x-amz-date',
    'x-amz-user-agent',
    'x-amz-security-token',
    'x-amz-decoded-content-length',
  ],
  ...['x-amz-trailer', 'x-amz-sdk-checksum-algorithm', 'x-amz-copy-source', 'x-amz-metadata-directive'],
  ...['x-amz-object-lock-mode', 'x-amz-object-lock-retain-until-date', 'x-amz-bypass-governance-retention'],
  ...[
    'x-amz-server-side-encryption',
    'x-amz-server-side-encryption-aws-kms-key-id',
    'x-amz-expected-bucket-owner',
  ],
];

/** S3 by path-style URLs: an endpoint of 127.0.0.1 makes SDKs use them. */
export function s3(store: Store, clock: Clock): S3 {
  const buckets = new Map<string, Bucket>();
  const objects = openObjects(store, clock);

  function find(name: string): Bucket {
    const bucket = buckets.get(name);
    if (bucket) return bucket;
    throw new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404, { BucketName: name });
  }

  function route(request: RestRequest): RestReply {
    checkKnown(request);
    const [, bucketName = '', keyPart = ''] = /^\/([^/]*)\/?(.*)$/s.exec(request.path) ?? [];
    const bucket = find(decodeURIComponent(bucketName));
    const key = decodeURIComponent(keyPart);
    if (!key) return bucketRoute({ objects, clock }, bucket, request);
    const { method, headers, body, query } = request;
    const about = { method, bucket, key, headers, body, versionId: query.get('versionId') ?? undefined };
    if (query.has('retention')) return retentionRoute({ objects, clock }, about);
    return objectRoute({ objects, clock, find }, about);
  }

  return {
    rest: (request) => {
      try {
        return route(request);
      } catch (error) {
        return failure(error, request);
      }
    },
    define: (name, properties) => void buckets.set(name, parseBucket(name, properties)),
    names: () => [...buckets.keys()],
  };
}

interface Parts {
  objects: Objects;
  clock: Clock;
}

function bucketRoute(
  { objects, clock }: Parts,
  bucket: Bucket,
  { method, query, headers, body }: RestRequest,
): RestReply {
  if (method === 'HEAD') return { status: 200, headers: { 'x-amz-bucket-region': 'us-east-1' } };
  if (method === 'GET' && query.get('list-type') === '2') return list(objects, bucket, query);
  if (method !== 'POST' || !query.has('delete')) return refuse(`S3 ${method} of a bucket with ?${query}`);
  const document = body.toString();
  const wanted = childrenOf('Object', document);
  if (wanted.length === 0 || wanted.length > 1000) malformed();
  const done = wanted.map(({ Key = malformed(), VersionId }) =>
    deleteOne({ objects, clock }, { method, bucket, key: Key, versionId: VersionId, headers, body }),
  );
  const quiet = /<Quiet>true<\/Quiet>/.test(document);
  return xmlReply('DeleteResult', {
    Deleted: quiet ? [] : done.flatMap(({ deleted }) => deleted ?? []),
    Error: done.flatMap(({ error }) => error ?? []),
  });
}

function deleteOne({ objects, clock }: Parts, request: ObjectRequest) {
  const named = { Key: request.key, VersionId: request.versionId };
  try {
    const reply = remove(objects, clock, request);
    const marker = reply['x-amz-delete-marker'];
    const markerVersion = marker && !request.versionId ? reply['x-amz-version-id'] : undefined;
    return { deleted: { ...named, DeleteMarker: marker, DeleteMarkerVersionId: markerVersion } };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { error: { ...named, Code: error.code, Message: error.message } };
  }
}

function objectRoute(
  { objects, clock, find }: Parts & { find: (name: string) => Bucket },
  request: ObjectRequest,
) {
  const { method, headers } = request;
  if (method === 'GET' || method === 'HEAD') return read(objects, request);
  if (method === 'DELETE') {
    if (headers['if-match']) refuse('S3 DeleteObject with If-Match');
    return { status: 204, headers: remove(objects, clock, request) };
  }
  if (method !== 'PUT') return refuse(`S3 ${method} of an object`);
  const source = headers['x-amz-copy-source'];
  if (!source) return put(objects, clock, request);
  const [path = '', versionId] = source.split('?versionId=');
  const [, name = '', key = ''] = /^\/?([^/]+)\/(.+)$/s.exec(decodeURIComponent(path)) ?? [];
  return copy(objects, clock, request, { ...request, bucket: find(name), key, versionId });
}

function retentionRoute({ objects, clock }: Parts, request: ObjectRequest): RestReply {
  if (request.method === 'PUT') {
    retain(objects, clock, request, childrenOf('Retention', request.body.toString())[0] ?? malformed());
    return { status: 200 };
  }
  const { lockMode, lockedUntil } = found(objects, request);
  if (!lockMode || lockedUntil === null) {
    const message = 'The specified object does not have a ObjectLock configuration';
    throw new AwsError('NoSuchObjectLockConfiguration', message, 404);
  }
  return xmlReply('Retention', { Mode: lockMode, RetainUntilDate: new Date(lockedUntil).toISOString() });
}

function checkKnown({ query, headers }: RestRequest): void {
  const parameter = [...query.keys()].find((name) => !QUERY.includes(name));
  if (parameter) refuse(`S3 requests with ?${parameter}`);
  const header = Object.keys(headers).find(
    (name) => name.startsWith('x-amz-') && !/^x-amz-(meta|checksum)-/.test(name) && !HEADERS.includes(name),
  );
  if (header) refuse(`S3 requests with ${header}`);
}

/** S3 tells its errors in XML, to HEAD by status alone. */
function failure(error: unknown, { method, path }: RestRequest): RestReply {
  if (!(error instanceof AwsError)) throw error;
  const detail = error.detail as Record<string, string>;
  const members = { Code: error.code, Message: error.message, Resource: path, ...detail };
  const reply = xmlReply('Error', members, error.status);
  return method === 'HEAD' ? { status: error.status } : reply;
}
