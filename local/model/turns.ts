import type { Block, Conversation } from './request.ts';

export interface Turn {
  role: 'user' | 'assistant' | 'system';
  blocks: Block[];
  /** How many it was sent as. */
  messages: number;
}

/** The conversation with texts as blocks, and messages of one role in a row as one turn, as the API reads it. */
export function turnsOf({ messages }: Pick<Conversation, 'messages'>): Turn[] {
  const turns: Turn[] = [];
  for (const { role, content } of messages) {
    const blocks: Block[] = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
    const last = turns.at(-1);
    if (last?.role === role) {
      last.blocks.push(...blocks);
      last.messages++;
    } else turns.push({ role, blocks: [...blocks], messages: 1 });
  }
  return turns;
}

/** The system prompt's text. */
export function systemText({ system }: Pick<Conversation, 'system'>): string {
  return typeof system === 'string' ? system : (system ?? []).map(({ text }) => text).join('\n');
}

/** The text of blocks, of tool results too. */
export function textOf(blocks: readonly Block[]): string {
  return blocks.map(blockText).filter(Boolean).join('\n');
}

function blockText(block: Block): string {
  if (block.type === 'text') return block.text;
  if (block.type !== 'tool_result') return '';
  return typeof block.content === 'string' ? block.content : textOf(block.content ?? []);
}
