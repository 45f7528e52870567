import { AwsError } from '../service.ts';
import type { StoredObject } from './objects.ts';

type Headers = Record<string, string | undefined>;

/** Whether a reader already has this object; throws when the object is not the one that it wants. */
export function isNotModified(headers: Headers, object: StoredObject): boolean {
  const ifMatch = headers['if-match'];
  if (ifMatch && !matches(ifMatch, object)) failed('If-Match');
  const unmodifiedSince = headers['if-unmodified-since'];
  if (unmodifiedSince && !ifMatch && seconds(object) > Date.parse(unmodifiedSince))
    failed('If-Unmodified-Since');
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch) return matches(ifNoneMatch, object);
  const modifiedSince = headers['if-modified-since'];
  return modifiedSince !== undefined && seconds(object) <= Date.parse(modifiedSince);
}

/** Lets a write through that wants no object there (`If-None-Match: *`), or this very one (`If-Match`). */
export function checkWrite(headers: Headers, current: StoredObject | undefined): void {
  const live = current?.file ? current : undefined;
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch && ifNoneMatch !== '*') {
    throw new AwsError('NotImplemented', 'A write takes If-None-Match with * only.', 501);
  }
  if (ifNoneMatch && live) failed('If-None-Match');
  const ifMatch = headers['if-match'];
  if (!ifMatch) return;
  if (!live) throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404);
  if (!matches(ifMatch, live)) failed('If-Match');
}

function matches(condition: string, { etag }: StoredObject): boolean {
  const tags = condition.split(',').map((one) => one.trim().replace(/^"|"$/g, ''));
  return tags.includes('*') || tags.includes(etag);
}

function seconds({ modified }: StoredObject): number {
  return Math.floor(modified / 1000) * 1000;
}

function failed(Condition: string): never {
  const message = 'At least one of the pre-conditions you specified did not hold';
  throw new AwsError('PreconditionFailed', message, 412, { Condition });
}
