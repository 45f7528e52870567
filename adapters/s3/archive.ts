import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { canonical } from '#core/canonical.ts';
import { Fault } from '#core/fault.ts';
import { Signed } from '#core/ledger/checkpoint.ts';
import type { Archive } from '#core/ledger/ports.ts';
import { s3 } from '../aws/clients.ts';

const PREFIX = 'checkpoints/';

/** Checkpoints in a bucket whose default retention is Object Lock in compliance mode: one object for each, for good. */
export function s3Archive(Bucket: string): Archive {
  return {
    async put(org, size, signed) {
      const Key = keyOf(org, size);
      const Body = canonical(signed);
      const ContentType = 'application/json';
      try {
        await s3().send(new PutObjectCommand({ Bucket, Key, Body, ContentType, IfNoneMatch: '*' }));
      } catch (error) {
        if ((error as { name?: string }).name !== 'PreconditionFailed') throw error;
        const { Body: there } = await s3().send(new GetObjectCommand({ Bucket, Key }));
        if ((await there?.transformToString()) === Body) return;
        throw new Fault('Conflict', `${Key} holds another checkpoint: the ledger was forked`, {
          cause: error,
        });
      }
    },

    async list() {
      const sizes = new Map<string, number[]>();
      for await (const key of keys(Bucket)) {
        const [org = '', size] = key.slice(PREFIX.length, -'.json'.length).split('/');
        const known = sizes.get(org);
        if (known) known.push(Number(size));
        else sizes.set(org, [Number(size)]);
      }
      return sizes;
    },

    async find(org, size) {
      const Key = keyOf(org, size);
      const { Body, ObjectLockMode } = await s3().send(new GetObjectCommand({ Bucket, Key }));
      if (ObjectLockMode !== 'COMPLIANCE') return undefined;
      return Signed.safeParse(JSON.parse((await Body?.transformToString()) ?? '')).data;
    },
  };
}

function keyOf(org: string, size: number): string {
  return `${PREFIX}${org}/${String(size).padStart(12, '0')}.json`;
}

async function* keys(Bucket: string): AsyncIterable<string> {
  let token: string | undefined;
  do {
    const { Contents = [], NextContinuationToken } = await s3().send(
      new ListObjectsV2Command({ Bucket, Prefix: PREFIX, ContinuationToken: token }),
    );
    for (const { Key } of Contents) if (Key) yield Key;
    token = NextContinuationToken;
  } while (token);
}
