import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import { dynamoApprovals } from '#adapters/dynamodb/approvals.ts';
import { dynamoSequence } from '#adapters/dynamodb/sequence.ts';
import { emit } from '#adapters/emf.ts';
import { log } from '#adapters/log.ts';
import type { Approvals } from '#core/approvals/ports.ts';
import { metricsOf } from '#core/ledger/metrics.ts';
import type { Sequence } from '#core/ledger/ports.ts';
import { type Stored, sequenced } from '#core/ledger/sequence.ts';
import { entryIn, type LedgerEntry } from '#core/ledger.ts';
import { stream } from '../queue.ts';

export const Env = z.object({
  APPROVALS_TABLE: z.string(),
  LEDGER_TABLE: z.string(),
  SEQUENCE_TABLE: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  sequence: Pick<Sequence, 'find' | 'append' | 'alarm'>;
  approvals: Pick<Approvals, 'find' | 'ledger'>;
  emit: typeof emit;
}

/**
 * The ledger's stream: a new entry gets its place, and is measured when it does; a changed or removed one, or one that
 * is not ours, is an alarm.
 */
export function sequencing({ sequence, approvals, emit }: Needs) {
  return async (record: DynamoDBRecord): Promise<void> => {
    const stored = storedIn(record);
    if (record.eventName !== 'INSERT') return alarm(`it was ${VERB[record.eventName ?? 'MODIFY']}`);
    const told = await sequenced(stored, sequence);
    if (told.wrong !== undefined) return alarm(told.wrong);
    if (told.isNew) await measure(told.entry, { approvals, emit });

    async function alarm(what: string): Promise<void> {
      const { eventID: id = '', dynamodb: { ApproximateCreationDateTime: seconds = 0 } = {} } = record;
      const at = new Date(seconds * 1000);
      const entry = `${stored.actionId}#${stored.seq}`;
      await sequence.alarm({ id, org: stored.org, entry, what, at: at.toISOString() });
      log.error('the ledger was tampered with', { org: stored.org, entry, what });
      emit([{ name: 'ledger_tamper_alarm', unit: 'Count', value: 1 }], { org: stored.org, entry }, at);
    }
  };
}

/** A death just before this loses the measurement, never the entry: it is for dashboards, not for proof. */
async function measure(
  entry: LedgerEntry,
  { approvals, emit }: Pick<Needs, 'approvals' | 'emit'>,
): Promise<void> {
  const { org, actionId, seq, at } = entry;
  const subject = await approvals.find(org, actionId);
  if (!subject) return;
  const sealed = (await approvals.ledger(org, actionId)).filter((one) => one.seq <= seq);
  const chain = sealed.flatMap(({ text }) => entryIn(text) ?? []);
  emit(metricsOf(chain, subject), { org, actionId }, new Date(at));
}

const VERB = { INSERT: 'added', MODIFY: 'changed', REMOVE: 'removed' };

/** A key that is not ours has no organization and no action, and so belongs to no entry. */
function storedIn({ dynamodb: { Keys, NewImage } = {} }: DynamoDBRecord): Stored {
  const [, org = 'unknown', actionId = 'unknown'] = /^ORG#(.+)#A#([^#]+)$/.exec(text(Keys?.pk)) ?? [];
  return {
    ...{ org, actionId, seq: Number(text(Keys?.sk)) },
    ...{ text: text(NewImage?.text), hash: text(NewImage?.hash) },
  };
}

function text(value: AttributeValue | undefined): string {
  return value?.S ?? '';
}

export const handler = stream(Env, async (env) =>
  sequencing({
    sequence: dynamoSequence(env.SEQUENCE_TABLE),
    approvals: dynamoApprovals({ approvals: env.APPROVALS_TABLE, ledger: env.LEDGER_TABLE }),
    emit,
  }),
);
