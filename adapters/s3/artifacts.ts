import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { Fault } from '#core/fault.ts';
import type { Artifacts } from '#core/ports.ts';
import { s3 } from '../aws/clients.ts';

/** Files of runs in one bucket. */
export function s3Artifacts(bucket: string): Artifacts {
  return {
    put: async (key, body, contentType) => {
      await s3().send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: contentType }),
      );
    },
    text: async (key) => Buffer.from(await bytes(bucket, key)).toString(),
    bytes: (key) => bytes(bucket, key),
    keys: (prefix) => keys(bucket, prefix),
  };
}

async function bytes(bucket: string, key: string): Promise<Uint8Array> {
  try {
    const { Body } = await s3().send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToByteArray()) ?? new Uint8Array();
  } catch (error) {
    if ((error as { name?: string }).name !== 'NoSuchKey') throw error;
    throw new Fault('NotFound', `There is no file ${key}`, { cause: error });
  }
}

async function keys(bucket: string, prefix: string): Promise<string[]> {
  const found: string[] = [];
  let token: string | undefined;
  do {
    const { Contents = [], NextContinuationToken } = await s3().send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
    );
    found.push(...Contents.flatMap(({ Key }) => Key ?? []));
    token = NextContinuationToken;
  } while (token);
  return found.sort();
}
