import { refusal } from './refusal.ts';

/** What a model takes and refuses. */
export interface Traits {
  maxOutput: number;
  /** Thinking is always adaptive: `enabled` and `disabled` are refused. */
  thinksAlways: boolean;
  takesForcedTool: boolean;
  takesPrefill: boolean;
  thinksBetweenTools: boolean;
  /** Tokens below which no prefix is cached. */
  minCached: number;
}

const USUAL: Traits = {
  maxOutput: 128_000,
  thinksAlways: false,
  takesForcedTool: true,
  takesPrefill: false,
  thinksBetweenTools: false,
  minCached: 1024,
};
const OLD: Traits = { ...USUAL, maxOutput: 64_000, takesPrefill: true };
const SHORT = { minCached: 512 };
const LONG = { minCached: 4096 };
const STRICT: Traits = { ...USUAL, thinksAlways: true, takesForcedTool: false };

const MODELS: Record<string, Traits> = {
  'claude-fable-5-2': STRICT,
  'claude-fable-5-1': STRICT,
  'claude-fable-5': USUAL,
  'claude-mythos-5-2': USUAL,
  'claude-mythos-5-1': USUAL,
  'claude-mythos-5': USUAL,
  'claude-mythos-preview': { ...USUAL, ...LONG },
  'claude-opus-5-5': STRICT,
  'claude-opus-5': USUAL,
  'claude-opus-4-8': USUAL,
  'claude-opus-4-7': { ...USUAL, ...LONG },
  'claude-opus-4-6': { ...USUAL, ...LONG },
  'claude-opus-4-5': { ...OLD, ...LONG },
  'claude-opus-4-5-20251101': { ...OLD, ...LONG },
  'claude-sonnet-5-5': { ...USUAL, takesForcedTool: false, thinksBetweenTools: true },
  'claude-sonnet-5': USUAL,
  'claude-sonnet-4-6': USUAL,
  'claude-sonnet-4-5': OLD,
  'claude-sonnet-4-5-20250929': OLD,
  'claude-haiku-5-5': { ...USUAL, ...SHORT },
  'claude-haiku-4-5': { ...OLD, ...LONG },
  'claude-haiku-4-5-20251001': { ...OLD, ...LONG },
  'MiniMax-M3': OLD,
};

/** Throws the API's 404 for a model it does not have. */
export function traitsOf(model: string): Traits {
  const traits = Object.hasOwn(MODELS, model) ? MODELS[model] : undefined;
  if (!traits) throw refusal(404, `model: ${model}`);
  return traits;
}

/** A model as `GET /v1/models/{id}` describes it. */
export function described(model: string): object {
  const { maxOutput } = traitsOf(model);
  const isEnding = model.startsWith('claude-sonnet-4-5');
  return {
    ...{
      type: 'model',
      id: model,
      display_name: model,
      created_at: '2025-01-01T00:00:00Z',
      max_tokens: maxOutput,
    },
    ...(isEnding
      ? { lifecycle: 'deprecated', deprecated_at: '2026-05-30T00:00:00Z', retires_at: '2026-11-30T00:00:00Z' }
      : { lifecycle: 'active', deprecated_at: null, retires_at: null }),
  };
}
