import { BaseAnthropic } from '@anthropic-ai/sdk/client';
import { APIError } from '@anthropic-ai/sdk/error';
import { Batches, type MessageBatch } from '@anthropic-ai/sdk/resources/messages/batches';
import type { BatchIntent } from '#core/agents/batch.ts';
import { Fault } from '#core/fault.ts';
import { type BatchItem, claimOf, requestsOf } from './batch-items.ts';
import {
  type BatchOptions,
  collect,
  FREE,
  type Leftovers,
  type OnAnswer,
  type Site,
  settle,
  told,
} from './batch-results.ts';
import { fault } from './faults.ts';

export interface BatchClient {
  /**
   * Creates the batch with its money set aside, once per id however often it is asked for. Throws `Unavailable` when it
   * cannot be told yet whether it was created: ask again.
   */
  submit(id: string, items: readonly BatchItem[]): Promise<string>;
  hasEnded(batchId: string): Promise<boolean>;
  /** Settles and hands over every answer, in no order; may be repeated, and then hands over again. */
  collect(id: string, items: readonly BatchItem[], onAnswer: OnAnswer): Promise<Leftovers>;
  cancel(batchId: string): Promise<void>;
}

/** A batch whose creation was not answered shows in the list within this time, or was not created. */
const GRACE = 60_000;
/** Between our clock and the provider's. */
const SKEW = 60_000;
/** The Message Batches API at half price. The SDK would send a batch again whose answer was lost; this never does. */
export function batchClient(options: BatchOptions): BatchClient {
  const { apiKey, baseUrl } = options.access;
  const client = new BaseAnthropic({
    ...{ apiKey, baseURL: baseUrl, maxRetries: 0, timeout: 120_000 },
    ...{ logLevel: 'off', openTelemetry: false },
  });
  const batches = new Batches(client as never);
  const site = { ...options, batches };
  return {
    submit: (id, items) => submit(site, id, items),
    hasEnded: async (batchId) => (await told(batches.retrieve(batchId))).processing_status === 'ended',
    collect: (id, items, onAnswer) => collect(site, { id, items, onAnswer }),
    cancel: async (batchId) => void (await told(batches.cancel(batchId))),
  };
}

async function submit(site: Site, id: string, items: readonly BatchItem[]): Promise<string> {
  const { roles, clock, intents, batches } = site;
  const requests = requestsOf(items, roles);
  const now = clock.now().toISOString();
  const intent = await intents.intend({ id, at: now, count: items.length });
  if (intent.count !== items.length)
    throw new Fault('Conflict', `Batch ${id} was meant to have ${intent.count} items, not ${items.length}`);
  const there = intent.batchId ?? (await lost(site, intent));
  if (there) return there;
  await reserve(site, intent, items);
  await intents.tried(id, now);
  const batchId = await batches.create({ requests }).then(
    (batch) => batch.id,
    (error) => unanswered(site, error, { intent, items }),
  );
  await intents.adopt(id, batchId);
  return batchId;
}

/** All of its money, or none; money that was given back is asked for under another id. */
async function reserve(site: Site, intent: BatchIntent, items: readonly BatchItem[]): Promise<void> {
  for (const [index, item] of items.entries()) {
    try {
      await site.purse.reserve(claimOf(item, intent, site.roles));
    } catch (error) {
      await release(site, intent, items.slice(0, index));
      throw error;
    }
  }
}

async function release(site: Site, intent: BatchIntent, items: readonly BatchItem[]): Promise<void> {
  for (const item of items) await settle(site, { item, intent }, FREE);
}

/** The batch of an earlier try, or none; nothing is sent again before it must have shown. */
async function lost(site: Site, intent: BatchIntent): Promise<string | undefined> {
  if (!intent.triedAt) return undefined;
  const found = await lookFor(site, intent);
  if (found) await site.intents.adopt(intent.id, found);
  else if (site.clock.now().getTime() - Date.parse(intent.triedAt) < GRACE)
    throw new Fault('Unavailable', 'Whether the batch was created cannot be told yet; ask again in a minute');
  return found;
}

/** After a creation that failed: its batch, if there is one all the same. */
async function unanswered(
  site: Site,
  error: unknown,
  { intent, items }: { intent: BatchIntent; items: readonly BatchItem[] },
): Promise<string> {
  const status = error instanceof APIError ? error.status : undefined;
  if (status !== undefined && status < 500 && ![408, 409, 429].includes(status)) {
    await release(site, intent, items);
    throw fault(error);
  }
  const found = status === 429 ? undefined : await lookFor(site, intent);
  if (!found) throw fault(error);
  return found;
}

/** A batch of ours that nobody has yet: made since we meant to, and as large. */
async function lookFor(
  { batches, intents }: Site,
  { id, at, count }: BatchIntent,
): Promise<string | undefined> {
  const from = Date.parse(at) - SKEW;
  const found: string[] = [];
  for await (const batch of batches.list({ limit: 100 })) {
    if (Date.parse(batch.created_at) < from) break;
    if (sizeOf(batch) === count && !(await intents.ownerOf(batch.id))) found.push(batch.id);
  }
  if (found.length <= 1) return found[0];
  throw new Fault(
    'Conflict',
    `Batches ${found.join(' and ')} could both be ${id}; cancel those that are not wanted`,
  );
}

function sizeOf({ request_counts: counts }: MessageBatch): number {
  return counts.canceled + counts.errored + counts.expired + counts.processing + counts.succeeded;
}
