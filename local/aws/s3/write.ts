import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { AwsError, type RestReply, refuse } from '../service.ts';
import type { Bucket } from './buckets.ts';
import { hash, verify } from './checksums.ts';
import { unchunk } from './chunked.ts';
import type { Objects, StoredObject } from './objects.ts';
import { checkWrite } from './preconditions.ts';
import { found } from './read.ts';
import type { ObjectRequest } from './s3.ts';
import { xmlReply } from './xml.ts';

type Headers = Record<string, string | undefined>;

const CONTENT = ['content-type', 'cache-control', 'content-disposition', 'content-language', 'expires'];
const DAY = 86_400_000;

/** PutObject: digests checked, then the condition and the row in one step. */
export function put(objects: Objects, clock: Clock, request: ObjectRequest): RestReply {
  const { body, headers } = unchunk(request.body, request.headers);
  const sums = verify(body, headers);
  const stored = add(objects, clock, request, { body, headers: { ...contentHeaders(headers), ...sums } });
  return {
    status: 200,
    headers: { etag: `"${stored.etag}"`, ...sums, ...versionHeader(request.bucket, stored) },
  };
}

/** CopyObject from a bucket that is here. */
export function copy(
  objects: Objects,
  clock: Clock,
  request: ObjectRequest,
  source: ObjectRequest,
): RestReply {
  const from = found(objects, source);
  const replaces = request.headers['x-amz-metadata-directive'] === 'REPLACE';
  if (!replaces && !request.versionId && from.key === request.key && from.bucket === request.bucket.name) {
    const message =
      'This copy request is illegal because it is trying to copy an object to itself without changing it.';
    throw new AwsError('InvalidRequest', message);
  }
  const headers = replaces ? { ...contentHeaders(request.headers), ...sumsOf(from) } : from.headers;
  const stored = add(objects, clock, request, { body: objects.read(from, 0, from.size), headers });
  const reply = xmlReply('CopyObjectResult', {
    ETag: `"${stored.etag}"`,
    LastModified: new Date(stored.modified).toISOString(),
  });
  return { ...reply, headers: { ...reply.headers, ...versionHeader(request.bucket, stored) } };
}

/** Deletes as S3 does: with versioning a marker on top, or one version for good; a locked version stays. */
export function remove(objects: Objects, clock: Clock, request: ObjectRequest): Record<string, string> {
  const { bucket, key, versionId } = request;
  if (!bucket.versioned || versionId) {
    const object = objects.version(bucket.name, key, versionId ?? 'null');
    if (object) checkLock(object, clock, request.headers);
    if (object) objects.remove(object);
    if (!versionId) return {};
    return {
      'x-amz-version-id': versionId,
      ...(object && !object.file ? { 'x-amz-delete-marker': 'true' } : {}),
    };
  }
  const lock = { lockMode: null, lockedUntil: null };
  const version = randomUUID();
  objects.add({ bucket: bucket.name, key, version, body: null, etag: '', headers: {}, ...lock });
  return { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version };
}

/** PutObjectRetention: compliance can only be prolonged, by nobody shortened. */
export function retain(
  objects: Objects,
  clock: Clock,
  request: ObjectRequest,
  { Mode, RetainUntilDate }: Record<string, string>,
): void {
  const object = found(objects, request);
  const until = Date.parse(RetainUntilDate ?? '');
  const lock = lockOf(request.bucket, clock, {
    'x-amz-object-lock-mode': Mode,
    'x-amz-object-lock-retain-until-date': RetainUntilDate,
  });
  const weaker = until < (object.lockedUntil ?? 0) || Mode !== (object.lockMode ?? Mode);
  if (weaker) checkLock(object, clock, request.headers);
  objects.lock(object, String(lock.lockMode), until);
}

function add(
  objects: Objects,
  clock: Clock,
  { bucket, key, headers: asked }: ObjectRequest,
  { body, headers }: { body: Buffer; headers: Record<string, string> },
): StoredObject {
  checkWrite(asked, objects.latest(bucket.name, key));
  if (Buffer.byteLength(key) > 1024) throw new AwsError('KeyTooLongError', 'Your key is too long');
  return objects.add({
    ...{ bucket: bucket.name, key, body, headers },
    version: bucket.versioned ? randomUUID() : 'null',
    etag: hash('md5', body, 'hex'),
    ...lockOf(bucket, clock, asked),
  });
}

function contentHeaders(headers: Headers): Record<string, string> {
  const kept = Object.entries(headers).filter(
    ([name]) => CONTENT.includes(name) || name.startsWith('x-amz-meta-'),
  );
  const encoding = (headers['content-encoding'] ?? '').replace(/(^|,\s*)aws-chunked(,\s*|$)/, '');
  return {
    'content-type': 'binary/octet-stream',
    ...Object.fromEntries(kept as [string, string][]),
    ...(encoding ? { 'content-encoding': encoding } : {}),
  };
}

function sumsOf({ headers }: StoredObject): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-amz-checksum-')));
}

function versionHeader({ versioned }: Bucket, { version }: StoredObject): Record<string, string> {
  return versioned ? { 'x-amz-version-id': version } : {};
}

function lockOf(
  bucket: Bucket,
  clock: Clock,
  headers: Headers,
): Pick<StoredObject, 'lockMode' | 'lockedUntil'> {
  const mode = headers['x-amz-object-lock-mode'];
  const date = headers['x-amz-object-lock-retain-until-date'];
  if (!mode && !date) {
    const rule = bucket.defaultRetention;
    return { lockMode: rule?.mode ?? null, lockedUntil: rule ? clock.now() + rule.days * DAY : null };
  }
  if (!bucket.lockable) throw new AwsError('InvalidRequest', 'Bucket is missing Object Lock Configuration');
  if (mode !== 'COMPLIANCE' && mode !== 'GOVERNANCE') refuse(`Object Lock mode ${mode}`);
  const lockedUntil = Date.parse(date ?? '');
  if (lockedUntil > clock.now()) return { lockMode: mode, lockedUntil };
  throw new AwsError('InvalidArgument', 'The retain until date must be in the future!');
}

function checkLock({ lockMode, lockedUntil }: StoredObject, clock: Clock, headers: Headers): void {
  if (!lockMode || (lockedUntil ?? 0) <= clock.now()) return;
  if (lockMode === 'GOVERNANCE' && headers['x-amz-bypass-governance-retention'] === 'true') return;
  throw new AwsError('AccessDenied', 'Access Denied because object protected by object lock.', 403);
}
