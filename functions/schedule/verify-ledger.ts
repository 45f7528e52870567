import { createHash } from 'node:crypto';
import * as z from 'zod';
import { publicKeyOf } from '#adapters/aws/signer.ts';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoSequence } from '#adapters/dynamodb/sequence.ts';
import { dynamoStories } from '#adapters/dynamodb/stories.ts';
import { dynamoTrees } from '#adapters/dynamodb/trees.ts';
import { emit } from '#adapters/emf.ts';
import { log } from '#adapters/log.ts';
import { s3Archive } from '#adapters/s3/archive.ts';
import { type AuditNeeds, audit, type Finding } from '#core/ledger/audit.ts';
import type { Sequence } from '#core/ledger/ports.ts';
import { schedule } from '../schedule.ts';

export const Env = z.object({
  APPROVALS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  SEQUENCE_TABLE: z.string(),
  CHECKPOINT_KEY_ID: z.string(),
  CHECKPOINT_BUCKET: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs extends Omit<AuditNeeds, 'clock'> {
  sequence: Sequence;
  emit: typeof emit;
}

/** Every day: all entries against all places, and both against the checkpoints that nobody can change. */
export function verifying(needs: Needs) {
  return async (now: Date): Promise<void> => {
    const { findings, ...counts } = await audit({ ...needs, clock: { now: () => now } });
    for (const finding of findings) await alarm(finding, now, needs);
    log.info('the ledger was verified', { ...counts, findings: findings.length });
  };
}

async function alarm(finding: Finding, now: Date, { sequence, emit }: Needs): Promise<void> {
  const { org, entry, message: what } = finding;
  const id = createHash('sha256').update(`${entry} ${what}`).digest('hex').slice(0, 32);
  await sequence.alarm({ id, org, entry, what, at: now.toISOString() });
  log.error('the ledger was tampered with', { org, entry, what });
  emit([{ name: 'ledger_tamper_alarm', unit: 'Count', value: 1 }], { org, entry }, now);
}

export const handler = schedule(Env, async (env) => {
  const approvals = dynamoApprovals({ approvals: env.APPROVALS_TABLE, ledger: env.LEDGER_TABLE });
  return verifying({
    stories: () => dynamoStories(env.LEDGER_TABLE),
    story: approvals.ledger,
    sequence: dynamoSequence(env.SEQUENCE_TABLE),
    trees: dynamoTrees(env.SEQUENCE_TABLE),
    archive: s3Archive(env.CHECKPOINT_BUCKET),
    publicKey: await publicKeyOf(env.CHECKPOINT_KEY_ID),
    emit,
  });
});
