import type { Message as Answer } from '@anthropic-ai/sdk/resources/messages';
import type { Batches, MessageBatchIndividualResponse } from '@anthropic-ai/sdk/resources/messages/batches';
import type { BatchIntent, BatchIntents } from '#core/agents/batch.ts';
import type { Usage } from '#core/agents/prices.ts';
import type { Role, RoleLimits } from '#core/agents/roles.ts';
import type { Outcome, Purse } from '#core/agents/spend.ts';
import { Fault } from '#core/fault.ts';
import type { Clock } from '#core/ports.ts';
import { type BatchItem, claimOf } from './batch-items.ts';
import type { Access } from './client.ts';
import { fault } from './faults.ts';
import { outcomeOf } from './outcome.ts';

export interface BatchOptions {
  access: Access;
  roles: Record<Role, RoleLimits>;
  clock: Clock;
  purse: Purse;
  intents: BatchIntents;
}

export interface Site extends BatchOptions {
  batches: Batches;
}

/** What came of a batch besides its answers, by custom id. */
export interface Leftovers {
  /** Worth asking again: expired, canceled, missing, or failed by the provider's own fault. */
  again: string[];
  /** Refused for what they are. */
  refused: { customId: string; why: string }[];
}

export type OnAnswer = (customId: string, answer: Answer) => Promise<void>;

/** Their error types that say nothing of the question. */
const PASSING = ['overloaded_error', 'api_error', 'rate_limit_error', 'timeout_error'];
const UNHEARD = {
  ...{ inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
  priceVersion: '-',
};
export const FREE: Outcome = { ...UNHEARD, nanoUsd: 0, status: 'settled' };

/** What a call of the SDK answers, its errors as faults. */
export async function told<T>(call: Promise<T>): Promise<T> {
  return call.catch((error) => Promise.reject(fault(error)));
}

interface Collecting {
  id: string;
  items: readonly BatchItem[];
  onAnswer: OnAnswer;
}

/** Settles and hands over what came of a batch that has ended. */
export async function collect(site: Site, { id, items, onAnswer }: Collecting): Promise<Leftovers> {
  const { intents, clock, batches, roles, access } = site;
  const intent = await intents.intend({ id, at: clock.now().toISOString(), count: items.length });
  if (!intent.batchId) throw new Fault('NotFound', `Batch ${id} was not submitted`);
  checkHost((await told(batches.retrieve(intent.batchId))).results_url, access.baseUrl);
  const waiting = new Map(items.map((item) => [item.customId, item]));
  const left: Leftovers = { again: [], refused: [] };
  for await (const { custom_id: customId, result } of await told(batches.results(intent.batchId))) {
    const item = waiting.get(customId);
    if (!item) throw new Fault('Conflict', `Batch ${intent.batchId} is not ${id}: it answers ${customId}`);
    waiting.delete(customId);
    if (result.type === 'succeeded') {
      await settle(site, { item, intent }, answered(result.message, { item, intent, roles }));
      await onAnswer(customId, result.message);
    } else {
      await settle(site, { item, intent }, FREE);
      sort(customId, result, left);
    }
  }
  for (const item of waiting.values()) {
    const { nanoUsd } = claimOf(item, intent, roles);
    await settle(site, { item, intent }, { ...UNHEARD, nanoUsd, status: 'unknown' });
    left.again.push(item.customId);
  }
  return left;
}

/** The SDK sends the key to whatever host the answer names. */
function checkHost(url: string | null, baseUrl: string): void {
  if (!url) throw new Fault('Unavailable', 'The batch has not ended yet');
  const { host } = new URL(url);
  if (host === new URL(baseUrl).host) return;
  throw new Fault(
    'Unauthorized',
    `The results are said to be at ${host}, which is not the provider; nothing was sent there`,
  );
}

interface Settled {
  item: BatchItem;
  intent: BatchIntent;
}

function answered(
  { id, usage, stop_reason: stop }: Answer,
  { item, intent, roles }: Settled & Pick<Site, 'roles'>,
): Outcome {
  const claim = claimOf(item, intent, roles);
  const used = {
    ...{ requestId: id, stop: stop ?? undefined, final: true },
    usage: { ...(usage as Usage), service_tier: 'batch' },
  };
  return outcomeOf(used, { claim, tariff: { model: claim.model, at: new Date(claim.at) } });
}

function sort(customId: string, result: MessageBatchIndividualResponse['result'], left: Leftovers): void {
  if (result.type !== 'errored') return void left.again.push(customId);
  const { type, message } = result.error.error;
  if (PASSING.includes(type)) left.again.push(customId);
  else left.refused.push({ customId, why: message });
}

export function settle({ purse, roles }: Site, { item, intent }: Settled, outcome: Outcome): Promise<void> {
  return purse.settle(claimOf(item, intent, roles), { ...outcome, batchId: intent.batchId });
}
