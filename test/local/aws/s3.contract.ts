import { Readable } from 'node:stream';
import {
  ChecksumAlgorithm,
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  GetObjectRetentionCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client } from './local-subject.ts';

export interface S3Subject {
  endpoint: string;
  define(bucket: string, properties: Record<string, unknown>): void | Promise<void>;
  now(): number;
  close(): Promise<void>;
}

/** What S3 promises, for whichever S3 `open` gives. */
export function s3Contract(open: () => Promise<S3Subject>): void {
  let subject: S3Subject;
  let sdk: S3Client;
  let count = 0;

  beforeAll(async () => {
    subject = await open();
    sdk = new S3Client({ ...client, endpoint: subject.endpoint, forcePathStyle: true });
  });
  afterAll(() => subject.close());

  async function bucket(properties: Record<string, unknown> = {}): Promise<string> {
    count += 1;
    await subject.define(`bucket-${count}`, properties);
    return `bucket-${count}`;
  }
  const put = (Bucket: string, Key: string, Body: PutObjectCommandInput['Body'] = 'x', rest = {}) =>
    sdk.send(new PutObjectCommand({ Bucket, Key, Body, ...rest }));
  const get = async (Bucket: string, Key: string, rest: Partial<GetObjectCommandInput> = {}) => {
    const { Body, ...reply } = await sdk.send(new GetObjectCommand({ Bucket, Key, ...rest }));
    return { ...reply, text: await Body?.transformToString() };
  };
  const drop = (Bucket: string, Key: string, rest = {}) =>
    sdk.send(new DeleteObjectCommand({ Bucket, Key, ...rest }));

  describe('an object', () => {
    it('comes back as it was put, metadata and all', async () => {
      const on = await bucket();
      const Key = 'a folder/ünï & <code>+%.txt';
      const { ETag } = await put(on, Key, 'hello', { ContentType: 'text/plain', Metadata: { run: 'r1' } });

      expect(await get(on, Key)).toMatchObject({
        ...{ text: 'hello', ETag, ContentType: 'text/plain', Metadata: { run: 'r1' }, ContentLength: 5 },
        LastModified: expect.any(Date),
      });
      expect(ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
      const head = await sdk.send(new HeadObjectCommand({ Bucket: on, Key }));
      expect(head).toMatchObject({ ETag, ContentLength: 5 });
    });

    it('may be empty', async () => {
      const on = await bucket();
      await put(on, 'empty', '', { ContentLength: 0 });

      expect(await get(on, 'empty')).toMatchObject({ text: '', ContentLength: 0 });
    });

    it.each(Object.values(ChecksumAlgorithm).filter((one) => /^(CRC32|CRC32C|SHA1|SHA256)$/.test(one)))(
      'is checked by %s, sent and got',
      async (ChecksumAlgorithm) => {
        const on = await bucket();
        const name = `Checksum${ChecksumAlgorithm}`;
        const sent = await put(on, 'sum', 'hello', { ChecksumAlgorithm });
        const got = await get(on, 'sum', { ChecksumMode: 'ENABLED' });

        expect(got[name as keyof typeof got]).toBe(sent[name as keyof typeof sent]);
        expect(sent[name as keyof typeof sent]).toBeTruthy();
        await expect(put(on, 'sum', 'hello', { [name]: 'AAAAAA==' })).rejects.toMatchObject({
          name: 'BadDigest',
        });
      },
    );

    it('streams in, in chunks with a trailing checksum', async () => {
      const on = await bucket();
      const body = 'chunk of text '.repeat(20_000);
      await put(on, 'stream', Readable.from(body.match(/.{1,7000}/gs) ?? []), { ContentLength: body.length });

      expect((await get(on, 'stream')).text).toBe(body);
    });

    it.each([
      ['bytes=1-3', 'ell', 'bytes 1-3/5'],
      ['bytes=3-', 'lo', 'bytes 3-4/5'],
      ['bytes=-2', 'lo', 'bytes 3-4/5'],
      ['bytes=1-99', 'ello', 'bytes 1-4/5'],
    ])('gives the part %s', async (Range, text, ContentRange) => {
      const on = await bucket();
      await put(on, 'part', 'hello');

      expect(await get(on, 'part', { Range })).toMatchObject({ text, ContentRange });
      await expect(get(on, 'part', { Range: 'bytes=5-' })).rejects.toMatchObject({ name: 'InvalidRange' });
    });

    it('is not there before it is put, nor after it is deleted', async () => {
      const on = await bucket();
      await put(on, 'gone');
      await drop(on, 'gone');
      await drop(on, 'gone');

      await expect(get(on, 'gone')).rejects.toMatchObject({ name: 'NoSuchKey' });
      await expect(sdk.send(new HeadObjectCommand({ Bucket: on, Key: 'gone' }))).rejects.toMatchObject({
        name: 'NotFound',
      });
      await expect(get('no-bucket', 'x')).rejects.toMatchObject({ name: 'NoSuchBucket' });
      await expect(sdk.send(new HeadBucketCommand({ Bucket: 'no-bucket' }))).rejects.toMatchObject({
        name: 'NotFound',
      });
    });

    it('is copied, with its metadata or with other', async () => {
      const on = await bucket();
      await put(on, 'from/ä', 'hello', { Metadata: { run: 'r1' } });
      const CopySource = `${on}/${encodeURIComponent('from/ä')}`;
      await sdk.send(new CopyObjectCommand({ Bucket: on, Key: 'same', CopySource }));
      const replaced = { MetadataDirective: 'REPLACE', Metadata: { run: 'r2' } } as const;
      await sdk.send(new CopyObjectCommand({ Bucket: on, Key: 'other', CopySource, ...replaced }));

      expect(await get(on, 'same')).toMatchObject({ text: 'hello', Metadata: { run: 'r1' } });
      expect(await get(on, 'other')).toMatchObject({ text: 'hello', Metadata: { run: 'r2' } });
    });
  });

  describe('a condition', () => {
    it('lets one of 20 put what is not there yet', async () => {
      const on = await bucket();
      const puts = Array.from({ length: 20 }, (_, at) => put(on, 'once', `${at}`, { IfNoneMatch: '*' }));
      const results = await Promise.allSettled(puts);
      const losers = results.flatMap((one) => (one.status === 'rejected' ? [one.reason.name] : []));

      expect(losers).toEqual(Array(19).fill('PreconditionFailed'));
    });

    it('lets a put replace only what it has seen', async () => {
      const on = await bucket();
      const { ETag } = await put(on, 'seen', 'one');
      await put(on, 'seen', 'two', { IfMatch: ETag });

      await expect(put(on, 'seen', 'three', { IfMatch: ETag })).rejects.toMatchObject({
        name: 'PreconditionFailed',
      });
      await expect(put(on, 'none', 'x', { IfMatch: ETag })).rejects.toMatchObject({ name: 'NoSuchKey' });
    });

    it('spares a reader what it has', async () => {
      const on = await bucket();
      const { ETag } = await put(on, 'read', 'one');
      const status = (rest: Partial<GetObjectCommandInput>) =>
        get(on, 'read', rest).catch((error) => error.$metadata.httpStatusCode);

      expect(await status({ IfNoneMatch: ETag })).toBe(304);
      expect(await status({ IfMatch: '"other"' })).toBe(412);
    });
  });

  describe('a listing', () => {
    it('is in the order of bytes, by prefix, in pages', async () => {
      const on = await bucket();
      const keys = ['a', 'b/1', 'b/2', 'b/ä', 'b/\u{1f600}', 'c'];
      for (const key of [...keys].reverse()) await put(on, key);
      const found: (string | undefined)[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await sdk.send(new ListObjectsV2Command({ Bucket: on, MaxKeys: 2, ContinuationToken }));
        found.push(...(page.Contents ?? []).map(({ Key }) => Key));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken);

      expect(found).toEqual(keys);
      const some = await sdk.send(new ListObjectsV2Command({ Bucket: on, Prefix: 'b/', StartAfter: 'b/1' }));
      expect(some).toMatchObject({ KeyCount: 3, IsTruncated: false });
    });

    it('folds keys at a delimiter, each fold told once over pages', async () => {
      const on = await bucket();
      for (const key of ['a', 'b/1', 'b/2', 'c/1', 'd']) await put(on, key);
      const first = await sdk.send(new ListObjectsV2Command({ Bucket: on, Delimiter: '/', MaxKeys: 2 }));
      const token = { ContinuationToken: first.NextContinuationToken };
      const rest = await sdk.send(new ListObjectsV2Command({ Bucket: on, Delimiter: '/', ...token }));

      expect(first).toMatchObject({
        Contents: [{ Key: 'a' }],
        CommonPrefixes: [{ Prefix: 'b/' }],
        IsTruncated: true,
      });
      expect(rest).toMatchObject({
        Contents: [{ Key: 'd' }],
        CommonPrefixes: [{ Prefix: 'c/' }],
        IsTruncated: false,
      });
    });

    it('is deleted at once', async () => {
      const on = await bucket();
      const keys = ['a & b', '<c>', 'd'];
      for (const key of keys) await put(on, key);
      const Objects = keys.slice(0, 2).map((Key) => ({ Key }));
      const { Deleted } = await sdk.send(new DeleteObjectsCommand({ Bucket: on, Delete: { Objects } }));

      expect(Deleted?.map(({ Key }) => Key)).toEqual(keys.slice(0, 2));
      expect(
        (await sdk.send(new ListObjectsV2Command({ Bucket: on }))).Contents?.map(({ Key }) => Key),
      ).toEqual(['d']);
    });
  });

  describe('a bucket with versions', () => {
    const versioned = { VersioningConfiguration: { Status: 'Enabled' } };
    const lockable = { ...versioned, ObjectLockEnabled: true };

    it('keeps each, under a delete marker too', async () => {
      const on = await bucket(versioned);
      const [one, two] = [await put(on, 'k', 'one'), await put(on, 'k', 'two')];
      const marker = await drop(on, 'k');

      expect(marker.DeleteMarker).toBe(true);
      await expect(get(on, 'k')).rejects.toMatchObject({ name: 'NoSuchKey' });
      expect((await get(on, 'k', { VersionId: one.VersionId })).text).toBe('one');
      await drop(on, 'k', { VersionId: marker.VersionId });
      expect((await get(on, 'k')).text).toBe('two');
      await drop(on, 'k', { VersionId: two.VersionId });
      expect((await get(on, 'k')).text).toBe('one');
    });

    it('deletes no version that is locked in compliance mode, and only prolongs its lock', async () => {
      const on = await bucket(lockable);
      const until = (hours: number) => new Date(subject.now() + hours * 3_600_000);
      const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until(1) };
      const { VersionId } = await put(on, 'k', 'kept', lock);
      const bypass = { VersionId, BypassGovernanceRetention: true };
      const retain = (RetainUntilDate: Date) =>
        sdk.send(
          new PutObjectRetentionCommand({
            Bucket: on,
            Key: 'k',
            Retention: { Mode: 'COMPLIANCE', RetainUntilDate },
          }),
        );

      await expect(drop(on, 'k', bypass)).rejects.toMatchObject({ name: 'AccessDenied' });
      await expect(retain(until(0.5))).rejects.toMatchObject({ name: 'AccessDenied' });
      await retain(until(2));
      const { Retention } = await sdk.send(new GetObjectRetentionCommand({ Bucket: on, Key: 'k' }));
      expect(Retention).toEqual({ Mode: 'COMPLIANCE', RetainUntilDate: until(2) });
    });

    it('locks nothing where it is not made for it', async () => {
      const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: new Date(subject.now() + 9e6) };

      await expect(put(await bucket(versioned), 'k', 'x', lock)).rejects.toMatchObject({
        name: 'InvalidRequest',
      });
    });
  });
}
