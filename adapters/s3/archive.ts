import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { canonical } from '#core/canonical.ts';
import { Fault } from '#core/fault.ts';
import type { Archive } from '#core/ledger/ports.ts';
import { s3 } from '../aws/clients.ts';

/** Checkpoints in a bucket whose default retention is Object Lock in compliance mode: one object for each, for good. */
export function s3Archive(Bucket: string): Archive {
  return {
    async put(org, size, signed) {
      const Key = `checkpoints/${org}/${String(size).padStart(12, '0')}.json`;
      const Body = canonical(signed);
      try {
        await s3().send(
          new PutObjectCommand({ Bucket, Key, Body, ContentType: 'application/json', IfNoneMatch: '*' }),
        );
      } catch (error) {
        if ((error as { name?: string }).name !== 'PreconditionFailed') throw error;
        const { Body: there } = await s3().send(new GetObjectCommand({ Bucket, Key }));
        if ((await there?.transformToString()) === Body) return;
        throw new Fault('Conflict', `${Key} holds another checkpoint: the ledger was forked`, {
          cause: error,
        });
      }
    },
  };
}
