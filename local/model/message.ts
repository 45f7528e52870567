import { createHash } from 'node:crypto';
import { signature } from './binding.ts';
import type { PromptCache } from './cache.ts';
import { traitsOf } from './models.ts';
import type { Performance } from './perform.ts';
import type { MessagesRequest } from './request.ts';
import type { ScriptBlock } from './script.ts';
import { turnsOf } from './turns.ts';
import { tokens, usageOf } from './usage.ts';

/** The API's answer to a request: the same for the same request, ids too, so that a repeated call changes nothing. */
export function messageOf(
  request: MessagesRequest,
  { script, index, turn, content }: Performance,
  cache: PromptCache,
) {
  const said = thinks(request) ? content : content.filter(({ type }) => type !== 'thinking');
  const { blocks, isCut } = within(request.max_tokens, said);
  const digest = createHash('sha256')
    .update(JSON.stringify([script, index, request]))
    .digest('hex');
  const usesTool = blocks.some(({ type }) => type === 'tool_use');
  const reason = turn.stop_reason ?? (usesTool ? 'tool_use' : 'end_turn');
  return {
    id: `msg_${digest.slice(0, 24)}`,
    type: 'message',
    role: 'assistant',
    model: request.model,
    container: null,
    diagnostics: null,
    content: blocks.map((block, place) => sent(request, block, `toolu_${digest.slice(24, 44)}${place}`)),
    stop_reason: isCut ? 'max_tokens' : reason,
    stop_sequence: null,
    stop_details: null,
    usage: {
      inference_geo: null,
      server_tool_use: null,
      service_tier: 'standard',
      speed: null,
      ...usageOf(cache(request), blocks),
      ...turn.usage,
    },
  };
}

export type Message = ReturnType<typeof messageOf>;

function thinks({ model, thinking }: MessagesRequest): boolean {
  return thinking ? thinking.type !== 'disabled' : traitsOf(model).thinksAlways;
}

/** As much of the answer as `limit` tokens hold: the block that does not fit is cut if it is text, else left out. */
function within(limit: number, content: readonly ScriptBlock[]): { blocks: ScriptBlock[]; isCut: boolean } {
  const blocks: ScriptBlock[] = [];
  let left = limit;
  for (const block of content) {
    const size = tokens(block);
    if (size <= left) {
      blocks.push(block);
      left -= size;
      continue;
    }
    const room = Math.max(0, left - tokens({ type: 'text', text: '' })) * 4;
    if (block.type === 'text' && room > 0) blocks.push({ type: 'text', text: block.text.slice(0, room) });
    return { blocks, isCut: true };
  }
  return { blocks, isCut: limit === 0 };
}

function sent(request: MessagesRequest, block: ScriptBlock, id: string) {
  if (block.type === 'text') return { type: 'text', text: block.text, citations: null } as const;
  if (block.type === 'tool_use')
    return {
      type: 'tool_use',
      id,
      name: block.name,
      input: block.input,
      caller: { type: 'direct' },
    } as const;
  if (block.type !== 'thinking') return block;
  const { thinking } = request;
  const shows = thinking && 'display' in thinking && thinking.display === 'summarized';
  const text = shows ? block.thinking : '';
  const signed = block.unsigned ? '' : signature(request, turnsOf(request), text);
  return { type: 'thinking', thinking: text, signature: signed } as const;
}
