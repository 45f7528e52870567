import { Fault } from '../fault.ts';
import { isConfirmed } from './prices.ts';
import { EFFORTS, type Effort, type RoleLimits } from './roles.ts';

export type Provider = 'anthropic' | 'openrouter' | 'minimax';

/** What a model does at a provider; the same model may do less elsewhere. */
export interface Capabilities {
  tools: boolean;
  /** Tool input and structured answers have the shape asked for, because the provider sees to it. */
  strictSchema: boolean;
  /** Its thinking is signed and may be sent back, as conversations with tools need. */
  thinkingReplay: boolean;
  /** Thinks when told `adaptive`, and takes an effort. */
  adaptiveThinking: boolean;
  cache: boolean;
  /** Keeps what is cached for an hour when asked to. */
  hourCache: boolean;
  images: boolean;
  documents: boolean;
  citations: boolean;
  batch: boolean;
  forcedToolChoice: boolean;
  editor: '20250728' | '20250124' | 'none';
  maxOutput: number;
  /** Tokens of a request and its answer together. */
  window: number;
}

/** What a role cannot do without. */
export type Need = {
  [name in keyof Capabilities]: Capabilities[name] extends boolean ? name : never;
}[keyof Capabilities];

const FULL: Capabilities = {
  ...{ tools: true, strictSchema: true, thinkingReplay: true, adaptiveThinking: true, cache: true },
  ...{ hourCache: true, images: true, documents: true, citations: true, batch: true },
  ...{ forcedToolChoice: true, editor: '20250728', maxOutput: 128_000, window: 1_000_000 },
};
const UNFORCED: Capabilities = { ...FULL, forcedToolChoice: false };
const OLDER: Capabilities = { ...FULL, adaptiveThinking: false, maxOutput: 64_000, window: 200_000 };
const MINIMAX: Capabilities = {
  ...FULL,
  ...{ strictSchema: false, adaptiveThinking: false, hourCache: false, images: false, documents: false },
  ...{
    citations: false,
    batch: false,
    forcedToolChoice: false,
    editor: 'none',
    maxOutput: 32_000,
    window: 200_000,
  },
};

/** What nobody has shown to work does not count as working: thinking of others' models comes unsigned through here. */
const ANY_AT_OPENROUTER: Capabilities = {
  ...MINIMAX,
  ...{ thinkingReplay: false, cache: false, editor: '20250124' },
};

const TABLE: Record<Provider, Record<string, Capabilities>> = {
  anthropic: {
    'claude-opus-5-5': UNFORCED,
    'claude-fable-5-1': UNFORCED,
    'claude-sonnet-5-5': UNFORCED,
    'claude-haiku-5-5': FULL,
    'claude-opus-5': FULL,
    'claude-haiku-4-5': OLDER,
  },
  minimax: { 'MiniMax-M3': { ...MINIMAX, images: true, documents: true }, 'MiniMax-M2.7': MINIMAX },
  openrouter: {},
};

/** Throws `Invalid` for a model that the table does not have. */
export function capabilitiesOf(provider: Provider, model: string): Capabilities {
  const found = TABLE[provider][model] ?? (provider === 'openrouter' ? ANY_AT_OPENROUTER : undefined);
  if (found) return found;
  throw new Fault(
    'Invalid',
    `What ${model} can do at ${provider} is not known; add it to core/agents/capabilities.ts`,
  );
}

/** Why a role cannot work with the model that it is given, in words; empty when it can. */
export function unfit({ provider, model, needs, maxTokens, window }: RoleLimits, at: Date): string[] {
  try {
    const has = capabilitiesOf(provider, model);
    isConfirmed({ model, at });
    const lacks = needs.filter((need) => !has[need]).map((need) => `${model} at ${provider} lacks ${need}`);
    const short =
      maxTokens > has.maxOutput ? [`${model} answers ${has.maxOutput} tokens at most, not ${maxTokens}`] : [];
    const narrow = window > has.window ? [`${model} takes ${has.window} tokens at most, not ${window}`] : [];
    return [...lacks, ...short, ...narrow];
  } catch (error) {
    if (error instanceof Fault) return [error.message];
    throw error;
  }
}

/** The next effort up, where the model takes one and there is one. */
export function raised({ provider, model, effort }: RoleLimits): Effort | undefined {
  if (!capabilitiesOf(provider, model).adaptiveThinking) return undefined;
  return EFFORTS[EFFORTS.indexOf(effort) + 1];
}

/** Throws, naming every role and reason, when a role is given a model that cannot do its work. Call it before anything is deployed. */
export function refuseUnfit(roles: Record<string, RoleLimits>, at: Date): void {
  const found = Object.entries(roles).flatMap(([name, role]) =>
    unfit(role, at).map((why) => `${name}: ${why}`),
  );
  if (found.length > 0)
    throw new Fault(
      'Invalid',
      `These roles cannot work as configured; give them another model in core/agents/roles.ts:\n${found.join('\n')}`,
    );
}
