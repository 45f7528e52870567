import { randomBytes } from 'node:crypto';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { dynamo, kms, s3 } from '#adapters/aws/clients.ts';
import { kmsSigner } from '#adapters/aws/signer.ts';
import { dynamoSequence } from '#adapters/dynamodb/sequence.ts';
import { dynamoTrees } from '#adapters/dynamodb/trees.ts';
import { s3Archive } from '#adapters/s3/archive.ts';
import { decided, ended, resumed } from '#core/approvals/decide.ts';
import type { Step } from '#core/approvals/step.ts';
import type { Metric } from '#core/ledger/metrics.ts';
import type { Place } from '#core/ledger/ports.ts';
import type { Sealed } from '#core/ledger.ts';
import { sequencing } from '#functions/queue/sequence-ledger.ts';
import { approvals, handClock, NOW, question, vote } from './approvals.ts';
import { CHECKPOINT_KEY } from './aws.ts';

export const sequence = dynamoSequence('Sequence');

/** What makes checkpoints, on the local AWS. */
export const trees = dynamoTrees('Sequence');
export const making = {
  trees,
  signer: kmsSigner(CHECKPOINT_KEY),
  archive: s3Archive('checkpoints'),
  clock: handClock(),
};

/** An organization of this test's own. */
export function newOrg(): string {
  return `org-${randomBytes(5).toString('hex')}`;
}

/** A consumer of the ledger's stream, and what it measured. */
export function sequencer() {
  const emitted: Metric[] = [];
  const emit = (metrics: readonly Metric[]) => void emitted.push(...metrics);
  return { emitted, consume: sequencing({ sequence, approvals, emit }) };
}

export interface Chain {
  id: string;
  steps: Step[];
  payload: string;
  sealed: Sealed[];
}

/** An action's chain, as many entries as asked for, not stored: proposed, rejections, decided, resumed. */
export function chain(org: string, length = 3): Chain {
  const { step, text } = question({ org, quorum: Math.max(1, length - 2) });
  const steps = [step];
  const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1000).toISOString();
  while (steps.length < length) {
    const before = (steps.at(-1) as Step).next;
    if (before.status !== 'PENDING') steps.push(resumed(before, at(20)));
    else if (length - steps.length > 2) steps.push(voted(before, at(steps.length)));
    else steps.push(length % 2 ? decided(before, vote(before), at(10)) : ended(before, 'EXPIRED', at(10)));
  }
  return { id: step.next.id, steps, payload: text, sealed: steps.map(({ sealed }) => sealed) };
}

/** A yes while more are needed. */
function voted(before: Step['next'], at: string): Step {
  return decided(before, vote(before, { by: `person-${at}` }), at);
}

/** What the stream tells when an entry is put. */
export function inserted(org: string, id: string, { seq, text, hash }: Sealed): DynamoDBRecord {
  return changed('INSERT', `ORG#${org}#A#${id}`, { seq, text, hash });
}

export function changed(
  eventName: 'INSERT' | 'MODIFY' | 'REMOVE',
  pk: string,
  { seq, text, hash }: Sealed,
): DynamoDBRecord {
  const Keys = { pk: { S: pk }, sk: { S: String(seq).padStart(8, '0') } };
  return {
    eventID: randomBytes(16).toString('hex'),
    eventName,
    dynamodb: {
      Keys,
      NewImage: { ...Keys, text: { S: text }, hash: { S: hash } },
      ApproximateCreationDateTime: NOW.getTime() / 1000,
      SequenceNumber: '1',
    },
  };
}

/** Rows of an organization's sequence whose key begins so. */
export async function rowsOf(org: string, prefix: string): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await dynamo().send(
    new QueryCommand({
      TableName: 'Sequence',
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': `ORG#${org}`, ':prefix': prefix },
      ConsistentRead: true,
    }),
  );
  return Items;
}

/** The places of an organization, in order. */
export async function places(org: string): Promise<Place[]> {
  return (await rowsOf(org, 'S#')) as unknown as Place[];
}

/** Puts chains into the sequence, one after the other. */
export async function sequenceAll(org: string, chains: Chain[]): Promise<void> {
  const { consume } = sequencer();
  for (const { id, sealed } of chains) for (const one of sealed) await consume(inserted(org, id, one));
}

/**
 * Makes the n-th request to AWS from now on fail, before it took effect or after; answers how to stop that, which says
 * whether it came to it.
 */
export function dyingAt(n: number, when: 'before' | 'after'): () => boolean {
  let count = 0;
  const clients = [dynamo(), kms(), s3()] as ReturnType<typeof dynamo>[];
  for (const { middlewareStack } of clients) {
    middlewareStack.add(
      (next) => async (args) => {
        count += 1;
        const dies = count === n;
        if (dies && when === 'before') throw new Error('died');
        const answer = await next(args);
        if (dies) throw new Error('died');
        return answer;
      },
      { step: 'initialize', name: 'dying', override: true },
    );
  }
  return () => {
    for (const { middlewareStack } of clients) middlewareStack.remove('dying');
    return count >= n;
  };
}

/** Stores an action as the product does, and puts it into the sequence. */
export async function recorded(org: string, chain: Chain): Promise<void> {
  const [first, ...rest] = chain.steps as [Step, ...Step[]];
  await approvals.propose(first, chain.payload);
  for (const [at, step] of rest.entries()) await approvals.take((chain.steps[at] as Step).next, step);
  await sequenceAll(org, [chain]);
}
