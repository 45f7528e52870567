import { createHash, verify } from 'node:crypto';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { s3 } from '#adapters/aws/clients.ts';
import { Checkpoint, checkpointed, Signed } from '#core/ledger/checkpoint.ts';
import { headProof, isHead } from '#core/ledger/heads.ts';
import {
  append,
  consistencyProof,
  EMPTY,
  inclusionProof,
  isConsistent,
  isIncluded,
  rootOf,
} from '#core/ledger/merkle.ts';
import type { Metric } from '#core/ledger/metrics.ts';
import { checkpointing } from '#functions/queue/checkpoint-ledger.ts';
import { NOW } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import {
  chain,
  dyingAt,
  making,
  newOrg,
  places,
  rowsOf,
  sequence,
  sequenceAll,
  trees,
} from '../../support/ledger.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterAll(() => aws.stop());
beforeEach(() => making.clock.set(new Date(NOW.getTime() + 60_000)));

const Bucket = 'checkpoints';

/** What is locked away of an organization, the smallest first. */
async function archived(org: string): Promise<{ key: string; signed: Signed; checkpoint: Checkpoint }[]> {
  const { Contents = [] } = await s3().send(
    new ListObjectsV2Command({ Bucket, Prefix: `checkpoints/${org}/` }),
  );
  return Promise.all(
    Contents.map(async ({ Key = '' }) => {
      const { Body } = await s3().send(new GetObjectCommand({ Bucket, Key }));
      const signed = Signed.parse(JSON.parse((await Body?.transformToString()) ?? ''));
      return { key: Key, signed, checkpoint: Checkpoint.parse(JSON.parse(signed.text)) };
    }),
  );
}

/** The root over what the sequence holds, from nothing. */
async function rootAt(org: string, size: number): Promise<string> {
  const leaves = (await places(org)).slice(0, size).map(({ hash }) => hash);
  return rootOf(leaves.reduce((tree, leaf) => append(tree, leaf), EMPTY));
}

/** That what is locked away is one history of signed roots, each of what the sequence holds. */
async function expectOneHistory(org: string): Promise<void> {
  let prev = '0'.repeat(64);
  for (const { signed, checkpoint } of await archived(org)) {
    const { text, signature, publicKey } = signed;
    expect(verify('sha256', Buffer.from(text), publicKey, Buffer.from(signature, 'base64'))).toBe(true);
    expect(checkpoint.prev).toBe(prev);
    expect(checkpoint.root).toBe(await rootAt(org, checkpoint.size));
    prev = createHash('sha256').update(text).digest('hex');
  }
}

describe('a checkpoint', () => {
  it('covers every entry, signed, and names the one before it', async () => {
    const org = newOrg();
    await sequenceAll(org, [chain(org), chain(org, 1)]);
    await checkpointed(org, making);
    await sequenceAll(org, [chain(org, 5)]);
    await checkpointed(org, making);

    expect((await archived(org)).map(({ checkpoint }) => checkpoint.size)).toEqual([4, 9]);
    await expectOneHistory(org);
  });

  it('is not made when nothing happened', async () => {
    const org = newOrg();
    await sequenceAll(org, [chain(org)]);
    await checkpointed(org, making);

    expect(await checkpointed(org, making)).toEqual([]);
    expect(await archived(org)).toHaveLength(1);
  });

  it('cannot be deleted or kept for a shorter time once it is locked away', async () => {
    const org = newOrg();
    await sequenceAll(org, [chain(org)]);
    await checkpointed(org, making);
    const [{ key: Key = '' } = {}] = await archived(org);
    const { VersionId } = await s3().send(new GetObjectCommand({ Bucket, Key }));
    const Retention = { Mode: 'COMPLIANCE' as const, RetainUntilDate: new Date(Date.now() + 60_000) };

    await expect(s3().send(new DeleteObjectCommand({ Bucket, Key, VersionId }))).rejects.toThrow(
      'object lock',
    );
    await expect(
      s3().send(new PutObjectRetentionCommand({ Bucket, Key, VersionId, Retention })),
    ).rejects.toThrow('object lock');
  });

  it('refuses another checkpoint of the same size where one is locked away', async () => {
    const org = newOrg();
    await sequenceAll(org, [chain(org)]);
    await checkpointed(org, making);
    const [{ signed } = {}] = await archived(org);

    await making.archive.put(org, 3, signed as Signed);
    await expect(making.archive.put(org, 3, { ...(signed as Signed), text: '{}' })).rejects.toThrow('forked');
  });

  it('covers 1,000 entries at most, so that a flood is many', async () => {
    const org = newOrg();
    const flood = Array.from({ length: 1_300 }, (_, at) => at);
    for (let at = 0; at < flood.length; at += 1) {
      const hash = createHash('sha256').update(String(at)).digest('hex');
      await sequence.append(org, { actionId: `act_${at % 40}`, seq: at + 1, hash, at: NOW.toISOString() });
    }
    await checkpointed(org, making);
    const nodes = trees.node(org);
    const [first, last] = (await archived(org)).map(({ checkpoint }) => checkpoint);
    const leaves = await places(org);

    expect([first?.size, last?.size]).toEqual([1_000, 1_300]);
    await expectOneHistory(org);
    expect((await rowsOf(org, 'T#')).map(({ sk }) => sk)).toHaveLength(5);
    const proof = await consistencyProof(1_000, 1_300, nodes);
    expect(isConsistent(first as Checkpoint, last as Checkpoint, proof)).toBe(true);
    for (const index of [0, 255, 256, 999, 1_023, 1_024, 1_299]) {
      const leaf = leaves[index]?.hash as string;
      const path = await inclusionProof(index, 1_300, nodes);
      expect(isIncluded({ leaf, index }, last as Checkpoint, path)).toBe(true);
    }
  }, 60_000);

  it("proves each action's last entry", async () => {
    const org = newOrg();
    const chains = [chain(org), chain(org, 4)];
    await sequenceAll(org, chains);
    await checkpointed(org, making);
    const { heads = '' } = (await archived(org))[0]?.checkpoint ?? {};
    for (const { id, sealed } of chains) {
      const found = await headProof(heads, id, (hash) => trees.headNode(org, hash));

      expect(found?.head).toEqual({ actionId: id, seq: sealed.length, hash: sealed.at(-1)?.hash });
      expect(found && isHead(found.head, found.proof, heads)).toBe(true);
    }
  });

  it('does not hash again what it has hashed: it reads the new places and a few nodes', async () => {
    const org = newOrg();
    await sequenceAll(
      org,
      Array.from({ length: 40 }, () => chain(org, 5)),
    );
    await checkpointed(org, making);
    await sequenceAll(org, [chain(org, 1)]);
    const read: number[] = [];
    const counting: typeof trees = {
      ...trees,
      places: async (...asked) => {
        const found = await trees.places(...asked);
        read.push(found.length);
        return found;
      },
      headNode: (...asked) => {
        read.push(1);
        return trees.headNode(...asked);
      },
    };
    await checkpointed(org, { ...making, trees: counting });

    expect(read.reduce((sum, one) => sum + one, 0)).toBeLessThan(20);
  });
});

describe('a death', () => {
  it.each(['before', 'after'] as const)('%s any request takes effect leaves one history', async (when) => {
    for (let n = 1; ; n += 1) {
      const org = newOrg();
      await sequenceAll(org, [chain(org)]);
      const revive = dyingAt(n, when);
      await checkpointed(org, making).catch(() => {});
      const died = revive();
      await sequenceAll(org, [chain(org, 2)]);
      await checkpointed(org, making);

      await expectOneHistory(org);
      expect((await archived(org)).at(-1)?.checkpoint.size).toBe(5);
      if (!died) break;
      expect(n).toBeLessThan(60);
    }
  });

  it('of some and haste of others leave one history, whatever the moments', {
    timeout: 600_000,
  }, async () => {
    const moments = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom('before', 'after')), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(moments, async (deaths) => {
        const org = newOrg();
        for (const [n, when] of deaths) {
          await sequenceAll(org, [chain(org)]);
          const revive = dyingAt(n, when as 'before');
          await Promise.allSettled([checkpointed(org, making), checkpointed(org, making)]);
          revive();
        }
        await checkpointed(org, making);

        await expectOneHistory(org);
        expect((await archived(org)).at(-1)?.checkpoint.size).toBe(deaths.length * 3);
      }),
      { numRuns: process.env.SIGNALBOX_FULL ? 200 : 15 },
    );
  });
});

describe('two at the same time', () => {
  it('leave one history, although one of them has seen less', async () => {
    const org = newOrg();
    await sequenceAll(org, [chain(org)]);
    await checkpointed(org, making);
    await sequenceAll(org, [chain(org)]);
    const overtaken: typeof trees = {
      ...trees,
      async advance(...next) {
        await sequenceAll(org, [chain(org)]);
        await checkpointed(org, making);
        return trees.advance(...next);
      },
    };

    await expect(checkpointed(org, { ...making, trees: overtaken })).rejects.toMatchObject({
      code: 'Unavailable',
    });
    expect((await archived(org)).map(({ checkpoint }) => checkpoint.size)).toEqual([3, 9]);
    await checkpointed(org, making);
    await expectOneHistory(org);
  });
});

describe('the function', () => {
  const record = (org: string, sk: string, eventName: 'INSERT' | 'REMOVE' = 'INSERT') => ({
    eventName,
    dynamodb: { Keys: { pk: { S: `ORG#${org}` }, sk: { S: sk } } },
  });

  async function told(...records: ReturnType<typeof record>[]) {
    const emitted: Metric[] = [];
    const emit = (metrics: readonly Metric[]) => void emitted.push(...metrics);
    await checkpointing({ ...making, emit })(records);
    return emitted;
  }

  it('measures how long the oldest entry had to wait, once for each organization', async () => {
    const [one, other] = [newOrg(), newOrg()];
    for (const org of [one, other]) await sequenceAll(org, [chain(org)]);
    const emitted = await told(record(one, 'S#0'), record(one, 'S#1'), record(other, 'S#0'));

    expect(emitted.map(({ name, value }) => [name, value])).toEqual([
      ['ledger_checkpoint_age_s', 60],
      ['ledger_checkpoint_age_s', 60],
    ]);
  });

  it('rings when a row of the sequence is changed or removed', async () => {
    expect(await told(record(newOrg(), 'S#0', 'REMOVE'))).toMatchObject([
      { name: 'ledger_tamper_alarm', value: 1 },
    ]);
  });
});
