import { isConfirmed, PRICE_VERSION, price, type Tariff } from '#core/agents/prices.ts';
import type { Claim, Outcome } from '#core/agents/spend.ts';
import { Fault } from '#core/fault.ts';
import type { Used } from './meter.ts';

/** What an answer's usage comes to, in the provider's own words where it names its charge; one with a surcharge of unknown price is charged at what was set aside. */
export function outcomeOf(
  { usage, final, requestId, stop }: Used,
  { claim, tariff }: { claim: Claim; tariff: Tariff },
): Outcome {
  const known = {
    ...(requestId && { requestId }),
    ...(stop && { stop }),
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens,
    cacheReadTokens: usage.cache_read_input_tokens ?? 0,
    cacheWriteTokens: usage.cache_creation_input_tokens ?? 0,
    usage: { ...usage },
    priceVersion: PRICE_VERSION,
  };
  if (claim.provider === 'openrouter' && final && typeof usage.cost === 'number')
    return { ...known, nanoUsd: Math.round(usage.cost * 1e9), status: 'settled' };
  try {
    const nanoUsd = price(usage, tariff.model, tariff.at);
    return { ...known, nanoUsd, status: final && isConfirmed(tariff) ? 'settled' : 'estimated' };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ...known, nanoUsd: claim.nanoUsd, status: 'unpriced' };
  }
}
