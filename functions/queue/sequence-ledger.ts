import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import * as z from 'zod';
import { dynamoSequence } from '#adapters/dynamodb/sequence.ts';
import { emit } from '#adapters/emf.ts';
import { log } from '#adapters/log.ts';
import type { Sequence } from '#core/ledger/ports.ts';
import { type Stored, sequenced } from '#core/ledger/sequence.ts';
import { stream } from '../queue.ts';

export const Env = z.object({ SEQUENCE_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

interface Needs {
  sequence: Pick<Sequence, 'find' | 'append' | 'alarm'>;
  emit: typeof emit;
}

/** The ledger's stream: a new entry gets its place; a changed or removed one, or one that is not ours, is an alarm. */
export function sequencing({ sequence, emit }: Needs) {
  return async (record: DynamoDBRecord): Promise<void> => {
    const stored = storedIn(record);
    if (record.eventName !== 'INSERT') return alarm(`it was ${VERB[record.eventName ?? 'MODIFY']}`);
    const { wrong } = await sequenced(stored, sequence);
    if (wrong) await alarm(wrong);

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
  sequencing({ sequence: dynamoSequence(env.SEQUENCE_TABLE), emit }),
);
