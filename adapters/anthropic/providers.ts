import * as z from 'zod/mini';
import type { Provider } from '#core/agents/capabilities.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { type Access, messagesClient, type Send } from './client.ts';

/** Where others speak the Messages API, in the version that they know. */
const OTHERS: Record<Exclude<Provider, 'anthropic'>, string> = {
  openrouter: 'https://openrouter.ai/api',
  minimax: 'https://api.minimax.io/anthropic',
};

const Keys = z.strictObject({
  anthropic: z.optional(z.string()),
  openrouter: z.optional(z.string()),
  minimax: z.optional(z.string()),
  /** Reads what Anthropic charged, of one workspace if it is named. */
  admin: z.optional(z.string()),
  workspace: z.optional(z.string()),
});

/** What the model secret holds: Anthropic's key alone, or a JSON object with a key for each provider. */
export function keysOf(secret: string): z.infer<typeof Keys> {
  if (!secret.trimStart().startsWith('{')) return { anthropic: secret };
  try {
    return parseJson(Keys, secret);
  } catch {
    // What the parser says may quote the key.
    throw new Fault('Unauthorized', 'The model secret is no JSON object of keys by provider; put it again');
  }
}

export interface ProviderAccess extends Access {
  /** In place of the other providers' own addresses. */
  otherUrls?: Partial<typeof OTHERS>;
}

/** Throws `Unauthorized` when the secret has no key for the provider. */
export function accessTo(
  provider: Provider,
  { apiKey, baseUrl, patience, onWire, otherUrls }: ProviderAccess,
): Access {
  const key = keysOf(apiKey)[provider];
  if (!key)
    throw new Fault(
      'Unauthorized',
      `The model secret has no key for ${provider}; put {"${provider}": "…"} into it`,
    );
  if (provider === 'anthropic') return { apiKey: key, baseUrl, patience, onWire };
  return {
    apiKey: key,
    baseUrl: otherUrls?.[provider] ?? OTHERS[provider],
    patience,
    onWire,
    version: '2023-06-01',
  };
}

/** A client for each provider that is asked for, made once. */
export function clients(access: ProviderAccess): (provider: Provider) => Send {
  const made = new Map<Provider, Send>();
  return (provider) => {
    const known = made.get(provider) ?? messagesClient(accessTo(provider, access));
    made.set(provider, known);
    return known;
  };
}
