import type { Message } from './message.ts';
import type { Trouble } from './script.ts';

type Content = Message['content'][number];
export type Event = { type: string } & Record<string, unknown>;

/** How many characters a delta carries. */
const PIECE = 48;

/** The events that a streamed message consists of, in the API's order. */
export function eventsOf(message: Message, { cut, reports }: Pick<Trouble, 'cut' | 'reports'> = {}): Event[] {
  const { content, stop_reason, stop_sequence, stop_details, usage } = message;
  const start = { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } };
  const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens } = usage;
  const { output_tokens, output_tokens_details, server_tool_use } = usage;
  const total = {
    input_tokens,
    cache_creation_input_tokens,
    cache_read_input_tokens,
    output_tokens,
    output_tokens_details,
    server_tool_use,
  };
  const delta = { stop_reason, stop_sequence, stop_details, container: null };
  const end = { type: 'message_delta', delta, usage: total };
  return [
    { type: 'message_start', message: start },
    { type: 'ping' },
    ...content.flatMap((block, index) => blockEvents(block, index, cut)),
    ...(reports ? [{ ...end, delta: {}, usage: { output_tokens: Math.ceil(output_tokens / 2) } }] : []),
    end,
    { type: 'message_stop' },
  ];
}

/** An event as it goes over the wire. */
export function wire(event: Event): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function blockEvents(block: Content, index: number, isCut = false): Event[] {
  const { start, deltas } = opened(block);
  const sent = isCut && block.type === 'tool_use' ? deltas.slice(0, 2) : deltas;
  return [
    { type: 'content_block_start', index, content_block: start },
    ...sent.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
}

function opened(block: Content): { start: object; deltas: object[] } {
  if (block.type === 'text')
    return {
      start: { ...block, text: '' },
      deltas: pieces(block.text).map((text) => ({ type: 'text_delta', text })),
    };
  if (block.type === 'tool_use')
    return {
      start: { ...block, input: {} },
      deltas: ['', ...pieces(JSON.stringify(block.input))].map((part) => ({
        type: 'input_json_delta',
        partial_json: part,
      })),
    };
  if (block.type === 'thinking') {
    const { thinking, signature } = block;
    return {
      start: { ...block, thinking: '', signature: '' },
      deltas: [
        ...pieces(thinking).map((part) => ({ type: 'thinking_delta', thinking: part })),
        { type: 'signature_delta', signature },
      ],
    };
  }
  return { start: block, deltas: [] };
}

/** Cut between characters, never inside one. */
function pieces(text: string): string[] {
  const characters = Array.from(text);
  const parts: string[] = [];
  for (let from = 0; from < characters.length; from += PIECE)
    parts.push(characters.slice(from, from + PIECE).join(''));
  return parts;
}
