import type { Message as Answer } from '@anthropic-ai/sdk/resources/messages';
import { nextLook } from '#core/agents/batch.ts';
import { Fault } from '#core/fault.ts';
import type { Clock } from '#core/ports.ts';
import type { BatchItem } from './batch-items.ts';
import type { Leftovers } from './batch-results.ts';
import type { BatchClient } from './batches.ts';
import type { Speak } from './speak.ts';

export interface BatchWork {
  /** Ours; the same id is the same work. */
  id: string;
  /** The same at every step. */
  items: readonly BatchItem[];
  /** May be told of an answer more than once. */
  onAnswer: (customId: string, answer: Answer) => Promise<void>;
  /** Nobody wants the answers any more: what has not been asked is not, what is being worked on is cancelled. */
  isUnwanted?: boolean;
}

/** Where the work stands: plain data, for whoever waits between two steps. */
export interface BatchProgress {
  /** Seconds until the next step; absent when there is none. */
  waitSeconds?: number;
  round: number;
  batchId?: string;
  /** Custom ids of this round; all but the first in the first round. */
  ids?: string[];
  looks: number;
  /** When this round was sent. */
  since: string;
  isCancelled?: boolean;
  /** What has no answer, and why. */
  left: { customId: string; why: string }[];
}

export interface Rounds {
  client: BatchClient;
  speak: Speak;
  clock: Clock;
}

/** The first, and two more for what was not the question's fault. */
const ROUNDS = 3;

/**
 * The next step of many questions: the first one is asked at once, because a batch says only hours later that its
 * questions are malformed; then come batches, each looked at soon and then seldom. A step may be repeated.
 */
export async function batchStep(
  site: Rounds,
  work: BatchWork,
  before?: BatchProgress,
): Promise<BatchProgress> {
  const start: BatchProgress = { round: 0, looks: 0, since: site.clock.now().toISOString(), left: [] };
  if (!before) return work.isUnwanted ? start : canary(site, work, start);
  if (!before.batchId) return work.isUnwanted ? over(before) : send(site, work, before);
  if (await site.client.hasEnded(before.batchId)) return collected(site, work, before);
  return stillWorking(site, work, before);
}

async function canary(
  { speak }: Rounds,
  { items, onAnswer }: BatchWork,
  start: BatchProgress,
): Promise<BatchProgress> {
  const [first, ...rest] = items;
  if (!first) throw new Fault('Invalid', 'There is nothing to ask');
  const { answer } = await speak(first.draft);
  await onAnswer(first.customId, answer);
  return rest.length > 0 ? { ...start, waitSeconds: 0 } : start;
}

async function send(site: Rounds, work: BatchWork, before: BatchProgress): Promise<BatchProgress> {
  const round = before.round + 1;
  const batchId = await site.client.submit(`${work.id}-${round}`, itemsOf(work, before));
  const since = site.clock.now().toISOString();
  return { ...before, round, batchId, looks: 0, since, waitSeconds: nextLook(0, 0) };
}

async function stillWorking(
  { client, clock }: Rounds,
  work: BatchWork,
  before: BatchProgress,
): Promise<BatchProgress> {
  const { batchId = '', isCancelled } = before;
  const looks = before.looks + 1;
  const seconds = (clock.now().getTime() - Date.parse(before.since)) / 1_000;
  const waitSeconds = nextLook(looks, seconds);
  if (waitSeconds !== undefined && !work.isUnwanted) return { ...before, looks, waitSeconds };
  if (!isCancelled) await client.cancel(batchId);
  return { ...before, looks, isCancelled: true, waitSeconds: 60 };
}

async function collected(site: Rounds, work: BatchWork, before: BatchProgress): Promise<BatchProgress> {
  const items = itemsOf(work, before);
  const found = await site.client.collect(`${work.id}-${before.round}`, items, work.onAnswer);
  const left = [...before.left, ...found.refused];
  const mayGoOn = before.round < ROUNDS && !before.isCancelled && !work.isUnwanted;
  if (found.again.length === 0 || !mayGoOn)
    return over({ ...before, left: [...left, ...inWords(found, before)] });
  return { ...before, left, ids: found.again, batchId: undefined, waitSeconds: 0 };
}

function inWords({ again }: Leftovers, { round, isCancelled }: BatchProgress) {
  const why = isCancelled
    ? 'the batch was cancelled before it was answered'
    : `no answer in ${round} batches`;
  return again.map((customId) => ({ customId, why }));
}

function over({ waitSeconds: _, ...progress }: BatchProgress): BatchProgress {
  return progress;
}

function itemsOf({ items }: BatchWork, { ids }: BatchProgress): BatchItem[] {
  const wanted = ids && new Set(ids);
  return items.filter(({ customId }, index) => (wanted ? wanted.has(customId) : index > 0));
}
