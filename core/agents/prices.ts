import { Fault } from '../fault.ts';

/** Changes with any row below; stands in every cost row. */
export const PRICE_VERSION = '2026-11-20';

/** Nano-dollars (10⁻⁹ USD) per token: a dollar per million tokens is 1,000 of them. Always whole. */
interface Rates {
  input: number;
  output: number;
  write5m: number;
  write1h: number;
  read: number;
}

interface Row {
  model: string;
  /** The first day on which these rates hold. */
  from: string;
  rates: Rates;
  /** Rates for every token of a request whose prompt has more than `tokens`. */
  above?: { tokens: number; rates: Rates };
}

/** The provider's published list; only rows that its own pages confirm. Later rows of a model replace earlier ones. */
const ROWS: Row[] = [
  { model: 'claude-opus-5-5', from: '2026-01-01', rates: rates([4_000, 20_000, 5_000, 8_000, 200]) },
  { model: 'claude-sonnet-5-5', from: '2026-01-01', rates: rates([2_000, 10_000, 2_500, 4_000, 200]) },
  { model: 'claude-sonnet-5-5', from: '2026-10-07', rates: rates([2_000, 10_000, 2_500, 4_000, 100]) },
  {
    model: 'claude-haiku-5-5',
    from: '2026-10-07',
    rates: rates([100, 500, 125, 200, 10]),
    above: { tokens: 100_000, rates: rates([500, 2_500, 625, 1_000, 50]) },
  },
  { model: 'claude-fable-5-1', from: '2026-01-01', rates: rates([10_000, 50_000, 12_500, 20_000, 250]) },
  { model: 'claude-opus-5', from: '2026-01-01', rates: rates([5_000, 25_000, 6_250, 10_000, 500]) },
  { model: 'claude-haiku-4-5', from: '2026-01-01', rates: rates([1_000, 5_000, 1_250, 2_000, 100]) },
];

function rates([input, output, write5m, write1h, read]: [number, number, number, number, number]): Rates {
  return { input, output, write5m, write1h, read };
}

/** What the API reports as used, as far as money depends on it. */
export interface Usage {
  input_tokens: number;
  output_tokens: number;
  cache_creation_input_tokens?: number | null;
  cache_creation?: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number } | null;
  cache_read_input_tokens?: number | null;
  service_tier?: string | null;
  speed?: string | null;
  inference_geo?: string | null;
}

/** Nano-dollars for a request. Throws `OverBudget` for a model, a speed or a place whose price we do not know. */
export function price(usage: Usage, model: string, at: Date): number {
  refuseUnpriced(usage);
  return atListPrice(usage, model, at);
}

/** The same without looking at surcharges: for rows that have to be written whatever the answer said. */
export function atListPrice(usage: Usage, model: string, at: Date): number {
  const written = usage.cache_creation_input_tokens ?? 0;
  const hour = usage.cache_creation?.ephemeral_1h_input_tokens ?? 0;
  const read = usage.cache_read_input_tokens ?? 0;
  const prompt = usage.input_tokens + written + read;
  const by = ratesFor(model, prompt, at);
  return (
    usage.input_tokens * by.input +
    (written - hour) * by.write5m +
    hour * by.write1h +
    read * by.read +
    usage.output_tokens * by.output
  );
}

/** The most that a request can cost: its whole prompt written to the cache for an hour, its answer as long as allowed. */
export function worstCase(
  promptTokens: number,
  maxTokens: number,
  { model, at }: { model: string; at: Date },
) {
  const by = ratesFor(model, promptTokens, at);
  return promptTokens * by.write1h + maxTokens * by.output;
}

/** How long an answer may be so that the request stays within `nanoUsd`; negative when the prompt alone is too much. */
export function affordable(
  nanoUsd: number,
  promptTokens: number,
  { model, at }: { model: string; at: Date },
) {
  const by = ratesFor(model, promptTokens, at);
  return Math.floor((nanoUsd - promptTokens * by.write1h) / by.output);
}

function ratesFor(model: string, prompt: number, at: Date): Rates {
  const day = at.toISOString().slice(0, 10);
  const row = ROWS.findLast((one) => one.model === undated(model) && one.from <= day);
  if (!row) throw new Fault('OverBudget', `The price of model "${model}" is not known, so it is not used`);
  return row.above && prompt > row.above.tokens ? row.above.rates : row.rates;
}

/** `claude-haiku-4-5-20251001` → `claude-haiku-4-5`. */
function undated(model: string): string {
  return model.replace(/-20\d{6}$/, '');
}

function refuseUnpriced({ speed, inference_geo: geo, service_tier: tier }: Usage): void {
  const odd = [
    speed && speed !== 'standard' && `speed "${speed}"`,
    geo && !['global', 'not_available'].includes(geo) && `inference in "${geo}"`,
    tier && tier !== 'standard' && `service tier "${tier}"`,
  ].filter(Boolean);
  if (odd.length > 0) throw new Fault('OverBudget', `The price of ${odd.join(', ')} is not known`);
}
