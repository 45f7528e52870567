import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsError } from '../aws/service.ts';
import { type Asked, type Inside, named, type Row, time } from './inside.ts';

const SHOWN = 200_000;

/** What a bucket holds now: of each key the latest version, unless that is a delete marker. */
const CURRENT = `SELECT seq, bucket, key, size, modified, file, headers FROM s3_object AS o WHERE file NOTNULL
  AND seq = (SELECT max(seq) FROM s3_object WHERE bucket = o.bucket AND key = o.key)`;

/** Every bucket with its counts; what one holds, newest first; one object and, where it is text, its content. */
export function buckets({ store, services }: Inside, { name, key, limit }: Asked): Row | Row[] {
  const names = services.buckets.names();
  if (!name) return names.map((bucket) => ({ name: bucket, ...count(store, bucket) }));
  const bucket = named(names, name);
  if (key) return one(store, bucket, key);
  return store
    .sql(`${CURRENT} AND bucket = ? ORDER BY seq DESC LIMIT ?`)
    .all(bucket, limit)
    .map(({ key, size, modified }) => ({ key, size, modified: time(modified) }));
}

function count({ sql }: Inside['store'], bucket: string): Row | undefined {
  return sql(
    `SELECT count(*) AS objects, coalesce(sum(size), 0) AS bytes FROM (${CURRENT}) WHERE bucket = ?`,
  ).get(bucket);
}

function one({ sql, folder }: Inside['store'], bucket: string, key: string): Row {
  const found = sql(`${CURRENT} AND bucket = ? AND key = ?`).get(bucket, key);
  if (!found) throw new AwsError('NotFound', `There is no object ${key} in ${bucket}`, 404);
  const { seq: _, file, modified, headers, ...row } = found;
  const bytes = readFileSync(join(folder, 's3', String(file)));
  const about = { ...row, modified: time(modified), headers: JSON.parse(String(headers)) };
  return { ...about, log: text(bytes) ?? `${bytes.length} bytes that are no text` };
}

function text(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).slice(0, SHOWN);
  } catch {
    return undefined;
  }
}
