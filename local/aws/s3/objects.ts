import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';

/** An object's version, or a delete marker when it has no file. */
export interface StoredObject {
  seq: number;
  bucket: string;
  key: string;
  /** `null` as text in a bucket without versioning. */
  version: string;
  file: string | null;
  size: number;
  etag: string;
  /** What was given with it and comes back with it: content type, metadata, checksums. */
  headers: Record<string, string>;
  /** Epoch milliseconds. */
  modified: number;
  lockMode: string | null;
  lockedUntil: number | null;
}

export type NewObject = Pick<
  StoredObject,
  'bucket' | 'key' | 'version' | 'etag' | 'headers' | 'lockMode' | 'lockedUntil'
> & { body: Buffer | null };

/** Objects at rest: bytes in a file of their own, which a row publishes; a file without a row is nobody's. */
export interface Objects {
  /** Replaces the same version of the same key, in one commit. */
  add(object: NewObject): StoredObject;
  remove(object: StoredObject): void;
  lock(object: StoredObject, mode: string, until: number): void;
  latest(bucket: string, key: string): StoredObject | undefined;
  version(bucket: string, key: string, version: string): StoredObject | undefined;
  /** Current objects whose key has the prefix and follows `after`, in order of their UTF-8 bytes. */
  list(bucket: string, prefix: string, after: string): StoredObject[];
  read(object: StoredObject, start: number, length: number): Buffer;
}

const COLUMNS = `seq, bucket, key, version, file, size, etag, headers, modified, lock_mode AS lockMode,
  locked_until AS lockedUntil`;

const TABLE = `CREATE TABLE IF NOT EXISTS s3_object (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL, file TEXT,
  size INT NOT NULL, etag TEXT NOT NULL, headers TEXT NOT NULL, modified INT NOT NULL, lock_mode TEXT,
  locked_until INT)`;

const LIST = `SELECT ${COLUMNS} FROM s3_object AS o WHERE bucket = ?1 AND key >= ?2 AND key > ?3
  AND substr(key, 1, length(?2)) = ?2 AND file NOTNULL
  AND seq = (SELECT max(seq) FROM s3_object WHERE bucket = o.bucket AND key = o.key) ORDER BY key`;

export function objects(store: Store, clock: Clock): Objects {
  const folder = join(store.folder, 's3');
  mkdirSync(folder, { recursive: true });
  store.sql(TABLE).run();
  store.sql('CREATE INDEX IF NOT EXISTS s3_key ON s3_object (bucket, key, seq)').run();
  sweep(store, folder);
  return { ...reads(store, folder), ...writes(store, clock, folder) };
}

/** Takes away files that a stop left between their writing and their row, or between the row's end and theirs. */
function sweep(store: Store, folder: string): void {
  const rows = store.sql('SELECT file FROM s3_object WHERE file NOTNULL').all();
  const known = new Set(rows.map(({ file }) => file));
  for (const file of readdirSync(folder)) if (!known.has(file)) rmSync(join(folder, file));
}

function reads(store: Store, folder: string) {
  const one = (text: string, ...values: string[]) =>
    store
      .sql(`SELECT ${COLUMNS} FROM s3_object ${text}`)
      .all(...values)
      .map(parse)[0];
  return {
    latest: (bucket: string, key: string) =>
      one('WHERE bucket = ? AND key = ? ORDER BY seq DESC LIMIT 1', bucket, key),
    version: (bucket: string, key: string, version: string) =>
      one('WHERE bucket = ? AND key = ? AND version = ?', bucket, key, version),
    list: (bucket: string, prefix: string, after: string) =>
      store.sql(LIST).all(bucket, prefix, after).map(parse),
    read({ file }: StoredObject, start: number, length: number): Buffer {
      const open = openSync(join(folder, String(file)), 'r');
      try {
        const bytes = Buffer.alloc(length);
        return bytes.subarray(0, readSync(open, bytes, 0, length, start));
      } finally {
        closeSync(open);
      }
    },
  };
}

function writes(store: Store, clock: Clock, folder: string) {
  function remove({ seq, file }: StoredObject): void {
    store.transaction(() => {
      store.sql('DELETE FROM s3_object WHERE seq = ?').run(seq);
      if (file) store.afterCommit(() => rmSync(join(folder, file), { force: true }));
    });
  }

  function add({
    bucket,
    key,
    version,
    body,
    etag,
    headers,
    lockMode,
    lockedUntil,
  }: NewObject): StoredObject {
    return store.transaction(() => {
      const file = body && writeDurably(folder, body);
      const same = `SELECT ${COLUMNS} FROM s3_object WHERE bucket = ? AND key = ? AND version = ?`;
      for (const replaced of store.sql(same).all(bucket, key, version).map(parse)) remove(replaced);
      const row = store
        .sql(
          `INSERT INTO s3_object (bucket, key, version, file, size, etag, headers, modified, lock_mode, locked_until)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING ${COLUMNS}`,
        )
        .get(
          ...[bucket, key, version, file, body?.length ?? 0, etag, JSON.stringify(headers)],
          ...[clock.now(), lockMode, lockedUntil],
        );
      return parse(row as Record<string, unknown>);
    });
  }

  return {
    add,
    remove,
    lock: ({ seq }: StoredObject, mode: string, until: number) =>
      store.transaction(
        () =>
          void store
            .sql('UPDATE s3_object SET lock_mode = ?, locked_until = ? WHERE seq = ?')
            .run(mode, until, seq),
      ),
  };
}

/** The bytes and the folder's entry are on disk when this answers the file's name. */
function writeDurably(folder: string, body: Buffer): string {
  const file = randomUUID();
  const open = openSync(join(folder, file), 'wx');
  try {
    writeFileSync(open, body);
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
  const directory = openSync(folder, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return file;
}

function parse(row: Record<string, unknown>): StoredObject {
  return { ...row, headers: JSON.parse(String(row.headers)) } as StoredObject;
}
