import type { Prompt } from './cache.ts';
import type { ScriptBlock } from './script.ts';

/** Four bytes of JSON are a token: near enough for prose, and the same on every run. */
export function tokens(value: unknown): number {
  return value === undefined ? 0 : Math.ceil(Buffer.byteLength(JSON.stringify(value)) / 4);
}

/** What a request and its answer would be billed. */
export function usageOf({ fresh, read, written5m, written1h }: Prompt, output: readonly ScriptBlock[]) {
  const thinking = output.filter(({ type }) => type === 'thinking');
  return {
    input_tokens: fresh,
    cache_creation_input_tokens: written5m + written1h,
    cache_creation: { ephemeral_5m_input_tokens: written5m, ephemeral_1h_input_tokens: written1h },
    cache_read_input_tokens: read,
    output_tokens: output.reduce((sum, block) => sum + tokens(block), 0),
    output_tokens_details: { thinking_tokens: thinking.reduce((sum, block) => sum + tokens(block), 0) },
  };
}
