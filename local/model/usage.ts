import type { Conversation } from './request.ts';
import type { ScriptBlock } from './script.ts';

/** Four bytes of JSON are a token: near enough for prose, and the same on every run. */
export function tokens(value: unknown): number {
  return value === undefined ? 0 : Math.ceil(Buffer.byteLength(JSON.stringify(value)) / 4);
}

/**
 * What a request would be billed. With any cache breakpoint, all that an earlier request of the conversation already
 * held (everything up to the last assistant message) counts as read from the cache, and the rest as written to it.
 */
export function usageOf(request: Conversation, output: readonly ScriptBlock[]) {
  const { system, tools, messages } = request;
  const all = tokens(system) + tokens(tools) + tokens(messages);
  const isCached = JSON.stringify(request).includes('"cache_control":{');
  const turn = messages.findLastIndex(({ role }) => role === 'assistant');
  const read = isCached && turn >= 0 ? tokens(system) + tokens(tools) + tokens(messages.slice(0, turn)) : 0;
  const written = isCached ? all - read : 0;
  const thinking = output.filter(({ type }) => type === 'thinking');
  return {
    input_tokens: all - read - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: output.reduce((sum, block) => sum + tokens(block), 0),
    output_tokens_details: { thinking_tokens: thinking.reduce((sum, block) => sum + tokens(block), 0) },
  };
}
