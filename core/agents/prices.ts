import { createHash } from 'node:crypto';
import { Fault } from '../fault.ts';

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
  /** From a third party's page: what it comes to is an estimate until the bill says the same. */
  isUnconfirmed?: true;
}

/** Published lists. Later rows of a model replace earlier ones; where a list names no price for a cache write, it is the input's. */
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
  {
    model: 'MiniMax-M3',
    from: '2026-01-01',
    rates: rates([300, 1_200, 300, 300, 60]),
    above: { tokens: 512_000, rates: rates([600, 2_400, 600, 600, 120]) },
    isUnconfirmed: true,
  },
  {
    model: 'MiniMax-M2.7',
    from: '2026-01-01',
    rates: rates([300, 1_200, 375, 375, 60]),
    isUnconfirmed: true,
  },
];

/** Which table a cost was worked out by: its newest row's day, and a checksum that any change of any row changes. */
export const PRICE_VERSION = `${ROWS.map(({ from }) => from)
  .sort()
  .at(-1)}+${createHash('sha256').update(JSON.stringify(ROWS)).digest('hex').slice(0, 12)}`;

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
  server_tool_use?: { web_search_requests?: number; web_fetch_requests?: number } | null;
  service_tier?: string | null;
  speed?: string | null;
  inference_geo?: string | null;
  /** Rounds of one request; those other than the message itself (compaction, advisor) are not in the counters above. */
  iterations?: (Usage & { type: string; model?: string | null })[] | null;
  /** Dollars, from providers that say what they charge. */
  cost?: number | null;
}

/** All tokens of a request and its answer. */
export function tokensIn(usage: Usage): number {
  const cached = (usage.cache_creation_input_tokens ?? 0) + (usage.cache_read_input_tokens ?? 0);
  return usage.input_tokens + cached + usage.output_tokens;
}

/** Nano-dollars for a request. Throws `OverBudget` for a model, a speed or a place whose price we do not know. */
export function price(usage: Usage, model: string, at: Date): number {
  const odd = unpriced(usage);
  if (odd.length > 0) throw new Fault('OverBudget', `The price of ${odd.join(', ')} is not known`);
  const all = [{ usage, model }, ...besides(usage, model)];
  const whole = all.reduce((sum, one) => sum + atListPrice(one.usage, one.model, at), 0);
  return usage.service_tier === 'batch' ? Math.ceil(whole / 2) : whole;
}

function besides({ iterations }: Usage, model: string): { usage: Usage; model: string }[] {
  const others = (iterations ?? []).filter(({ type }) => type !== 'message');
  return others.map((usage) => ({ usage, model: usage.model ?? model }));
}

function atListPrice(usage: Usage, model: string, at: Date): number {
  const written = usage.cache_creation_input_tokens ?? 0;
  const hour = usage.cache_creation?.ephemeral_1h_input_tokens ?? 0;
  const read = usage.cache_read_input_tokens ?? 0;
  const { rates: by } = rowFor(model, usage.input_tokens + written + read, at);
  return (
    usage.input_tokens * by.input +
    (written - hour) * by.write5m +
    hour * by.write1h +
    read * by.read +
    usage.output_tokens * by.output
  );
}

/** A model on a day. Batches cost half of everything. */
export interface Tariff {
  model: string;
  at: Date;
  isBatch?: boolean;
}

/** The most that a request can cost: its whole prompt written to the cache for an hour, its answer as long as allowed. */
export function worstCase(promptTokens: number, maxTokens: number, { model, at, isBatch }: Tariff): number {
  const { rates: by } = rowFor(model, promptTokens, at);
  const whole = promptTokens * by.write1h + maxTokens * by.output;
  return isBatch ? Math.ceil(whole / 2) : whole;
}

/** How long an answer may be so that the request stays within `nanoUsd`; negative when the prompt alone is too much. */
export function affordable(nanoUsd: number, promptTokens: number, { model, at }: Tariff): number {
  const { rates: by } = rowFor(model, promptTokens, at);
  return Math.floor((nanoUsd - promptTokens * by.write1h) / by.output);
}

/** Tokens that a text is taken for, too many rather than too few: the dearest cache price hides a third more. */
export function tokensOf(prompt: unknown): number {
  const text = JSON.stringify(prompt);
  const odd = text.match(/[^\x20-\x7e]+/g)?.join('') ?? '';
  return Math.ceil((text.length - odd.length) / CHARACTERS_PER_TOKEN) + Buffer.byteLength(odd);
}

const CHARACTERS_PER_TOKEN = 3;

/** The same of a request whose messages, once said, never change: each is sized once, however often the rest grows. */
export function requestTokens({
  messages,
  ...rest
}: {
  messages: readonly object[];
  [rest: string]: unknown;
}): number {
  return messages.reduce((sum, message) => sum + sizeOf(message), tokensOf(rest));
}

const sizes = new WeakMap<object, number>();

function sizeOf(message: object): number {
  const size = sizes.get(message) ?? tokensOf(message);
  sizes.set(message, size);
  return size;
}

/** Whether the provider's own list confirms the price. Throws `OverBudget` when there is none at all. */
export function isConfirmed({ model, at }: Tariff): boolean {
  return !rowFor(model, 0, at).isUnconfirmed;
}

function rowFor(model: string, prompt: number, at: Date): Pick<Row, 'rates' | 'isUnconfirmed'> {
  const day = at.toISOString().slice(0, 10);
  const row = ROWS.findLast((one) => one.model === undated(model) && one.from <= day);
  if (!row) throw new Fault('OverBudget', `The price of model "${model}" is not known, so it is not used`);
  return row.above && prompt > row.above.tokens ? { ...row, rates: row.above.rates } : row;
}

/** `claude-haiku-4-5-20251001` → `claude-haiku-4-5`. */
function undated(model: string): string {
  return model.replace(/-20\d{6}$/, '');
}

/** Surcharges in an answer that no price is known for. */
function unpriced({
  speed,
  inference_geo: geo,
  service_tier: tier,
  server_tool_use: tools,
}: Usage): string[] {
  const searches = (tools?.web_search_requests ?? 0) + (tools?.web_fetch_requests ?? 0);
  return [
    speed && speed !== 'standard' && `speed "${speed}"`,
    geo && !['global', 'not_available'].includes(geo) && `inference in "${geo}"`,
    tier && !['standard', 'batch'].includes(tier) && `service tier "${tier}"`,
    searches > 0 && `${searches} searches by the provider`,
  ].filter((odd) => typeof odd === 'string' && odd !== '') as string[];
}
