import type { MessageCreateParamsNonStreaming } from '@anthropic-ai/sdk/resources/messages';
import type { BatchIntent } from '#core/agents/batch.ts';
import { capabilitiesOf } from '#core/agents/capabilities.ts';
import { tokensOf, worstCase } from '#core/agents/prices.ts';
import type { Role, RoleLimits } from '#core/agents/roles.ts';
import type { Claim } from '#core/agents/spend.ts';
import { Fault } from '#core/fault.ts';
import { type Draft, requestOf } from './request.ts';

/** One question of many. `customId` is made of what it asks, so that asking again finds the answer that is there. */
export interface BatchItem {
  customId: string;
  draft: Draft;
}

type Roles = Record<Role, RoleLimits>;

const MOST_ITEMS = 100_000;
const MOST_BYTES = 256_000_000;
const CUSTOM_ID = /^[a-zA-Z0-9_-]{1,64}$/;

/** The items as the provider takes them. Throws, before anything is sent, for what it would refuse only hours later. */
export function requestsOf(items: readonly BatchItem[], roles: Roles) {
  const requests = items.map(({ customId, draft }) => ({
    custom_id: customId,
    params: requestOf(draft, roles[draft.role]) as MessageCreateParamsNonStreaming,
  }));
  validate(items, requests);
  return requests;
}

function validate(items: readonly BatchItem[], requests: readonly object[]): void {
  const ids = items.map(({ customId }) => customId);
  const odd = ids.find((one) => !CUSTOM_ID.test(one));
  if (items.length === 0 || items.length > MOST_ITEMS)
    throw new Fault('Invalid', `A batch has 1 to ${MOST_ITEMS} items, not ${items.length}`);
  if (odd !== undefined)
    throw new Fault('Invalid', `${odd} is no custom id: 64 letters, digits, - and _ at most`);
  if (new Set(ids).size < ids.length) throw new Fault('Invalid', 'Two items of a batch ask the same');
  const bytes = requests.reduce((sum, one) => sum + Buffer.byteLength(JSON.stringify(one)), 0);
  if (bytes > MOST_BYTES)
    throw new Fault('TooLarge', `A batch has ${MOST_BYTES} bytes at most, not ${bytes}`);
}

/** What an item can cost at most: the same for the same intent, whoever asks and whenever. */
export function claimOf({ customId, draft }: BatchItem, { id, at }: BatchIntent, roles: Roles): Claim {
  const { provider, model } = roles[draft.role];
  const can = capabilitiesOf(provider, model);
  if (!can.batch) throw new Fault('Invalid', `${model} at ${provider} takes no batches`);
  if (draft.maxTokens > can.maxOutput)
    throw new Fault('Invalid', `${model} answers ${can.maxOutput} tokens at most`);
  const { system, tools, messages, schema } = draft;
  const tariff = { model, at: new Date(at), isBatch: true };
  const nanoUsd = worstCase(tokensOf({ system, tools, messages, schema }), draft.maxTokens, tariff);
  return { id: `${id}#${customId}`, at, role: draft.role, provider, model, attempt: 1, customId, nanoUsd };
}
