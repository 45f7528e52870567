import type { DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import { kmsSigner } from '#adapters/aws/signer.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoTrees } from '#adapters/dynamodb/trees.ts';
import { emit } from '#adapters/emf.ts';
import { log } from '#adapters/log.ts';
import { s3Archive } from '#adapters/s3/archive.ts';
import { type CheckpointNeeds, checkpointed, type Made } from '#core/ledger/checkpoint.ts';
import { nudge } from '../queue.ts';

export const Env = z.object({
  SEQUENCE_TABLE: z.string(),
  CHECKPOINT_KEY_ID: z.string(),
  CHECKPOINT_BUCKET: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs extends CheckpointNeeds {
  emit: typeof emit;
}

/** The sequence's stream, gathered for a minute or until 1,000 entries are there: each organization's tree is signed and locked away. */
export function checkpointing(needs: Needs) {
  return async (records: readonly DynamoDBRecord[]): Promise<void> => {
    for (const record of records.filter(({ eventName }) => eventName !== 'INSERT')) tampered(record, needs);
    const orgs = new Set(records.map(({ dynamodb }) => dynamodb?.Keys?.pk?.S?.slice('ORG#'.length) ?? ''));
    for (const org of orgs) for (const made of await checkpointed(org, needs)) measure(made, needs);
  };
}

function measure({ checkpoint: { org, time, size }, oldest }: Made, { emit }: Needs): void {
  const value = (Date.parse(time) - Date.parse(oldest)) / 1000;
  const about = { org, size: String(size) };
  emit([{ name: 'ledger_checkpoint_age_s', unit: 'Seconds', value }], about, new Date(time));
}

/** Rows of the sequence are never changed, but for the one that the mapping leaves out. */
function tampered({ eventName, dynamodb }: DynamoDBRecord, { emit, clock }: Needs): void {
  const about = { org: dynamodb?.Keys?.pk?.S ?? '', entry: dynamodb?.Keys?.sk?.S ?? '' };
  log.error("the ledger's sequence was tampered with", { ...about, eventName });
  emit([{ name: 'ledger_tamper_alarm', unit: 'Count', value: 1 }], about, clock.now());
}

export const handler = nudge(Env, async (env) =>
  checkpointing({
    trees: dynamoTrees(env.SEQUENCE_TABLE),
    signer: kmsSigner(env.CHECKPOINT_KEY_ID),
    archive: s3Archive(env.CHECKPOINT_BUCKET),
    clock,
    emit,
  }),
);
