import { AwsError, type RestReply } from '../service.ts';
import type { Objects, StoredObject } from './objects.ts';
import { isNotModified } from './preconditions.ts';
import type { ObjectRequest } from './s3.ts';

/** GetObject and HeadObject. */
export function read(objects: Objects, request: ObjectRequest): RestReply {
  const object = found(objects, request);
  const headers = describing(object, request);
  if (isNotModified(request.headers, object)) return { status: 304, headers };
  const span = rangeOf(request.headers.range, object.size);
  // A checksum is of the whole object: with a part of it S3 sends none, and an SDK would find it wrong.
  const sums = request.headers['x-amz-checksum-mode'] === 'ENABLED' && !span ? checksums(object) : {};
  const { start, end } = span ?? { start: 0, end: object.size - 1 };
  const length = end - start + 1;
  return {
    status: span ? 206 : 200,
    headers: {
      ...headers,
      ...sums,
      'content-length': String(length),
      ...(span ? { 'content-range': `bytes ${start}-${end}/${object.size}` } : {}),
    },
    body: request.method === 'HEAD' ? undefined : objects.read(object, start, length),
  };
}

/** The object or version that a request names; a delete marker is none. */
export function found(objects: Objects, { bucket, key, versionId }: ObjectRequest): StoredObject {
  const object = versionId ? objects.version(bucket.name, key, versionId) : objects.latest(bucket.name, key);
  if (object?.file) return object;
  if (object && versionId) {
    throw new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
  }
  if (versionId)
    throw new AwsError('NoSuchVersion', 'The specified version does not exist.', 404, { Key: key });
  throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404, { Key: key });
}

function describing(object: StoredObject, { bucket }: ObjectRequest): Record<string, string> {
  const kept = Object.entries(object.headers).filter(([name]) => !name.startsWith('x-amz-checksum-'));
  return {
    ...Object.fromEntries(kept),
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modified).toUTCString(),
    'accept-ranges': 'bytes',
    ...(bucket.versioned ? { 'x-amz-version-id': object.version } : {}),
    ...(object.lockMode && object.lockedUntil ? lockHeaders(object.lockMode, object.lockedUntil) : {}),
  };
}

function lockHeaders(mode: string, until: number): Record<string, string> {
  return {
    'x-amz-object-lock-mode': mode,
    'x-amz-object-lock-retain-until-date': new Date(until).toISOString(),
  };
}

function checksums({ headers }: StoredObject): Record<string, string> {
  const sums = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-checksum-'));
  return sums.length > 0 ? { ...Object.fromEntries(sums), 'x-amz-checksum-type': 'FULL_OBJECT' } : {};
}

/** A single range as bytes from and to; undefined when all is asked for. Several ranges count as none, as on S3. */
function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (!from && !to) return undefined;
  const start = from ? Number(from) : Math.max(0, size - Number(to));
  const end = from && to ? Math.min(Number(to), size - 1) : size - 1;
  if (start < size && start <= end) return { start, end };
  throw new AwsError('InvalidRange', 'The requested range is not satisfiable', 416, {
    RangeRequested: header,
    ActualObjectSize: size,
  });
}
