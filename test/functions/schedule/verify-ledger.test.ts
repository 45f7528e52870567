import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dynamo, s3 } from '#adapters/aws/clients.ts';
import { publicKeyOf } from '#adapters/aws/signer.ts';
import { dynamoStories } from '#adapters/dynamodb/stories.ts';
import { s3Archive } from '#adapters/s3/archive.ts';
import { canonical } from '#core/canonical.ts';
import { type Checkpoint, checkpointed, Signed } from '#core/ledger/checkpoint.ts';
import type { Metric } from '#core/ledger/metrics.ts';
import { LedgerEntry, type Sealed, seal } from '#core/ledger.ts';
import { verifying } from '#functions/schedule/verify-ledger.ts';
import { approvals, NOW } from '../../support/approvals.ts';
import { CHECKPOINT_KEY, type LocalAws, localAws } from '../../support/aws.ts';
import {
  type Chain,
  chain,
  making,
  newOrg,
  places,
  recorded,
  rowsOf,
  sequence,
  trees,
} from '../../support/ledger.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterAll(() => aws.stop());

const TOMORROW = new Date(NOW.getTime() + 86_400_000);

/** Two actions, a checkpoint, two more, another checkpoint: 11 entries. The second action has five. */
async function books(): Promise<{ org: string; action: Chain }> {
  const org = newOrg();
  const action = chain(org, 5);
  for (const one of [chain(org), action]) await recorded(org, one);
  await checkpointed(org, making);
  for (const one of [chain(org), chain(org, 1)]) await recorded(org, one);
  await checkpointed(org, making);
  return { org, action };
}

/** What the daily check finds wrong with an organization, and what it does about it. */
async function verified(org: string, now = TOMORROW) {
  const emitted: Metric[] = [];
  await verifying({
    ...{ stories: () => dynamoStories('Ledger'), story: approvals.ledger, sequence, trees },
    archive: making.archive,
    publicKey: await publicKeyOf(CHECKPOINT_KEY),
    emit: (metrics, about) => void (about.org === org && emitted.push(...metrics)),
  })(now);
  const rows = await rowsOf(org, 'ALARM#');
  expect(emitted.filter(({ name }) => name === 'ledger_tamper_alarm')).toHaveLength(rows.length);
  return rows.map(({ entry, what }) => ({ entry, what: String(what) }));
}

const keyOf = (org: string, id: string, seq: number) => ({
  pk: `ORG#${org}#A#${id}`,
  sk: String(seq).padStart(8, '0'),
});
const put = (org: string, id: string, { seq, text, hash }: Sealed) =>
  dynamo().send(new PutCommand({ TableName: 'Ledger', Item: { ...keyOf(org, id, seq), text, hash } }));
const drop = (org: string, id: string, seq: number) =>
  dynamo().send(new DeleteCommand({ TableName: 'Ledger', Key: keyOf(org, id, seq) }));
const sealedAt = ({ sealed }: Chain, seq: number) => sealed[seq - 1] as Sealed;

function otherwise({ text }: Sealed, change: Partial<LedgerEntry>): Sealed {
  return seal(LedgerEntry.parse({ ...JSON.parse(text), ...change }));
}

/** The chain from an entry on, with another story and every hash right. */
function retold({ sealed }: Chain, from: number, change: Partial<LedgerEntry>): Sealed[] {
  const told: Sealed[] = [];
  for (const one of sealed.slice(from - 1)) {
    const prev = (told.at(-1) ?? (sealed[from - 2] as Sealed)).hash;
    told.push(otherwise(one, { ...(one.seq === from && change), prev }));
  }
  return told;
}

/** Rewrites the sequence too, as somebody could who may write everything but what is locked away. */
async function resequence(org: string, id: string, told: Sealed[]): Promise<void> {
  for (const place of await places(org)) {
    const other = told.find(({ seq }) => place.actionId === id && place.seq === seq);
    if (!other) continue;
    for (const sk of [
      `S#${String(place.index).padStart(12, '0')}`,
      `E#${id}#${String(place.seq).padStart(8, '0')}`,
    ])
      await dynamo().send(
        new PutCommand({ TableName: 'Sequence', Item: { pk: `ORG#${org}`, sk, ...place, hash: other.hash } }),
      );
  }
}

/** The checkpoint of a size, said otherwise. */
async function recheckpoint(
  org: string,
  size: number,
  change: Partial<Checkpoint>,
  isOurs: boolean,
): Promise<void> {
  const at = { Bucket: 'checkpoints', Key: `checkpoints/${org}/${String(size).padStart(12, '0')}.json` };
  const { Body } = await s3().send(new GetObjectCommand(at));
  const signed = Signed.parse(JSON.parse((await Body?.transformToString()) ?? ''));
  const text = canonical({ ...JSON.parse(signed.text), ...change });
  const forged = isOurs ? await making.signer.sign(text) : { ...signed, text };
  await s3().send(new PutObjectCommand({ ...at, Body: canonical(forged) }));
}

describe('the daily check', () => {
  it('finds nothing in books that nobody touched', async () => {
    const { org } = await books();

    expect(await verified(org)).toEqual([]);
  });

  it('gives a place to what the stream has lost, once it is an hour old', async () => {
    const { org } = await books();
    const lost = chain(org);
    await recorded(org, { ...lost, sealed: [] });

    expect(await verified(org, new Date(NOW.getTime() + 1_800_000))).toEqual([]);
    expect(await places(org)).toHaveLength(12);
    expect(await verified(org)).toEqual([]);
    expect((await places(org)).slice(12).map(({ actionId }) => actionId)).toEqual(Array(3).fill(lost.id));
    await checkpointed(org, making);
    expect(await verified(org)).toEqual([]);
  });

  it('believes no checkpoint that somebody could delete', async () => {
    const { org } = await books();
    const signed = (await making.archive.find(org, 8)) as Signed;
    const open = s3Archive('artifacts');
    await open.put(org, 8, signed);

    expect(signed.text).toContain(org);
    expect(await open.find(org, 8)).toBeUndefined();
  });

  it('tells the same finding once', async () => {
    const { org, action } = await books();
    await drop(org, action.id, 5);
    await verified(org);
    const [row] = await rowsOf(org, 'ALARM#');
    await verifying({
      ...{ stories: () => dynamoStories('Ledger'), story: approvals.ledger, sequence, trees },
      ...{ archive: making.archive, publicKey: await publicKeyOf(CHECKPOINT_KEY), emit: () => {} },
    })(new Date(TOMORROW.getTime() + 86_400_000));

    expect(await rowsOf(org, 'ALARM#')).toEqual([row]);
  });
});

describe('T50: what was done to the books is found, and the first bad entry is named', () => {
  type Spoil = (org: string, action: Chain) => Promise<unknown>;
  const cases: [string, entry: (id: string) => string, Spoil, message: string][] = [
    [
      'an edited entry',
      (id) => `${id}#2`,
      (org, action) => put(org, action.id, { ...sealedAt(action, 2), text: '{}' }),
      'was changed',
    ],
    [
      'an edited entry with its hash',
      (id) => `${id}#2`,
      (org, action) => put(org, action.id, otherwise(sealedAt(action, 2), { rule: 'other' })),
      'is not what was given place 4',
    ],
    ['a deleted entry', (id) => `${id}#3`, (org, action) => drop(org, action.id, 3), 'entry 3 is missing'],
    [
      'reordered entries',
      (id) => `${id}#2`,
      async (org, action) => {
        await put(org, action.id, { ...sealedAt(action, 3), seq: 2 });
        await put(org, action.id, { ...sealedAt(action, 2), seq: 3 });
      },
      'was changed',
    ],
    [
      'a tail cut off',
      (id) => `${id}#5`,
      (org, action) => drop(org, action.id, 5),
      'is not what was given place 7',
    ],
    [
      'a tail replaced with a whole chain',
      (id) => `${id}#4`,
      async (org, action) => {
        for (const one of retold(action, 4, { decision: 'decline' })) await put(org, action.id, one);
      },
      'is not what was given place 6',
    ],
    [
      'a tail replaced, and the sequence with it',
      () => 'place 0',
      async (org, action) => {
        const told = retold(action, 4, { decision: 'decline' });
        for (const one of told) await put(org, action.id, one);
        await resequence(org, action.id, told);
      },
      'the checkpoint of size 8 covers something else from place 0 on',
    ],
    [
      'the end of the sequence cut off',
      () => 'place 11',
      (org) =>
        dynamo().send(
          new DeleteCommand({ TableName: 'Sequence', Key: { pk: `ORG#${org}`, sk: 'S#000000000011' } }),
        ),
      'place 11 is missing: a checkpoint covers 12',
    ],
    [
      'a gap in the sequence',
      () => 'place 2',
      (org) =>
        dynamo().send(
          new DeleteCommand({ TableName: 'Sequence', Key: { pk: `ORG#${org}`, sk: 'S#000000000002' } }),
        ),
      'place 2 is missing',
    ],
    [
      'an entry put in by hand',
      (id) => `${id}#6`,
      (org, action) => put(org, action.id, otherwise(sealedAt(action, 5), { seq: 6, prev: 'a'.repeat(64) })),
      'does not follow',
    ],
    [
      'the tree set back',
      () => 'place 11',
      (org) =>
        dynamo().send(
          new UpdateCommand({
            TableName: 'Sequence',
            Key: { pk: `ORG#${org}`, sk: 'CHECKPOINT' },
            UpdateExpression: 'SET frontier.#size = :size',
            ExpressionAttributeNames: { '#size': 'size' },
            ExpressionAttributeValues: { ':size': 8 },
          }),
        ),
      'the tree was set back',
    ],
    [
      'a forged checkpoint',
      () => 'place 8',
      (org) => recheckpoint(org, 12, { root: 'a'.repeat(64) }, false),
      'is not signed with our key',
    ],
    [
      'a fork that we have signed',
      () => 'place 8',
      (org) => recheckpoint(org, 12, { root: 'a'.repeat(64) }, true),
      'covers something else from place 8 on',
    ],
    [
      'a checkpoint beside the first',
      () => 'place 8',
      (org) => recheckpoint(org, 8, { time: TOMORROW.toISOString() }, true),
      'does not follow the one before it',
    ],
    [
      'a checkpoint with other last entries',
      () => 'place 8',
      (org) => recheckpoint(org, 12, { heads: 'a'.repeat(64) }, true),
      'knows other last entries',
    ],
  ];

  it.each(cases)('%s', async (_, entry, spoil, message) => {
    const { org, action } = await books();
    await spoil(org, action);
    const found = await verified(org);
    const first = found.filter((one) => one.entry === entry(action.id));

    expect(found.length).toBeGreaterThan(0);
    expect(first.map(({ what }) => what).join('\n')).toContain(message);
  });
});
