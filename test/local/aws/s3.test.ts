import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '#local/aws/s3/checksums.ts';
import { type S3, s3 } from '#local/aws/s3/s3.ts';
import { client, type Opened, serve } from './local-subject.ts';
import { s3Contract } from './s3.contract.ts';

const open = () => serve(s3, ({ rest }) => ({ rest: { s3: rest } }));

describe('S3 of the local AWS', () => {
  s3Contract(async () => {
    const opened = await open();
    return {
      ...opened,
      define: (name, properties) => opened.service().define(name, properties),
      now: opened.clock.now,
    };
  });
});

describe('S3 of the local AWS, beyond the contract', () => {
  let local: Opened<S3>;
  let sdk: S3Client;

  beforeAll(async () => {
    local = await open();
    local.service().define('kept', {});
    sdk = new S3Client({ ...client, endpoint: local.endpoint });
  });
  afterAll(() => local.close());

  const put = (Body: string, rest = {}) =>
    sdk.send(new PutObjectCommand({ Bucket: 'kept', Key: 'k', Body, ...rest }));
  const get = async () => {
    const { Body } = await sdk.send(new GetObjectCommand({ Bucket: 'kept', Key: 'k' }));
    return Body?.transformToString();
  };

  it('keeps objects over a restart, and no file that no object has', async () => {
    for (const body of ['one', 'two']) await put(body);
    const files = () => readdirSync(join(local.folder, 's3'));
    expect(files()).toHaveLength(1);
    writeFileSync(join(local.folder, 's3', 'half-written'), 'x');
    await local.restart();
    local.service().define('kept', {});

    expect(await get()).toBe('two');
    expect(files()).toHaveLength(1);
  });

  it('refuses by name what it does not do', async () => {
    await expect(put('x', { Tagging: 'a=b' })).rejects.toThrow('x-amz-tagging');
    const upload = new CreateMultipartUploadCommand({ Bucket: 'kept', Key: 'k' });
    await expect(sdk.send(upload)).rejects.toThrow('?uploads');
    expect(() => local.service().define('x', { WebsiteConfiguration: {} })).toThrow('WebsiteConfiguration');
  });

  it.each([
    ['crc32', 'y/Q5Jg=='],
    ['crc32c', '4waSgw=='],
    ['crc64nvme', 'rosUhgp5mIg='],
  ])('computes %s as its catalogue does', (name, value) => {
    const header = `x-amz-checksum-${name}`;

    expect(verify(Buffer.from('123456789'), { [header]: value })).toEqual({ [header]: value });
    expect(() => verify(Buffer.from('12345678x'), { [header]: value })).toThrow('did not match');
  });

  it("locks what is put by the bucket's ObjectLockConfiguration", async () => {
    local.service().define('locked', {
      VersioningConfiguration: { Status: 'Enabled' },
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 3 } },
      },
    });
    await put('x', { Bucket: 'locked' });
    const at = { Bucket: 'locked', Key: 'k' };
    const { Retention } = await sdk.send(new GetObjectRetentionCommand(at));
    const days = (Retention?.RetainUntilDate?.getTime() ?? 0) - local.clock.now();

    expect(Retention?.Mode).toBe('COMPLIANCE');
    expect(Math.round(days / 86_400_000)).toBe(3);
  });
});
