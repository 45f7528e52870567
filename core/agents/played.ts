import { conversation, follow } from './conversation.ts';
import { type Line, requestHash } from './journal.ts';
import type { Message } from './model.ts';
import { tell } from './tools.ts';

/** A journal's line as a person reads it, and the conversation as it stood then. */
export interface Played {
  seq: number;
  at: string;
  type: Line['type'];
  says: string;
  /** Whether replaying made the bytes that were sent; other lines than requests are true by their chain. */
  isTrue: boolean;
  messages: Message[];
}

/** Steps through a journal from its beginning. */
export function played(lines: readonly Line[]): Played[] {
  const state = conversation();
  return lines.map((line) => {
    const isTrue = line.type !== 'request_intent' || line.hash === requestHash(state.messages);
    const says = words(line, nameOf(line, state.open));
    follow(state, line);
    return { seq: line.seq, at: line.at, type: line.type, says, isTrue, messages: [...state.messages] };
  });
}

type Calls = { id: string; name: string; input: unknown }[];

function nameOf(line: Line, open: Calls): string {
  if (line.type !== 'tool_intent' && line.type !== 'tool_result') return '';
  const call = open.find(({ id }) => id === line.call);
  return call ? tell(call.name, call.input) : line.call;
}

function words(line: Line, call: string): string {
  switch (line.type) {
    case 'note':
      return `${line.kind}: ${short(line.text)}`;
    case 'request_intent':
      return `${line.hash.slice(0, 12)}, at most ${line.maxTokens} tokens${line.because ? `, again: ${short(line.because)}` : ''}`;
    case 'response':
      return answer(line);
    case 'tool_intent':
      return call;
    case 'tool_result':
      return `${line.isError ? 'error' : 'done'}: ${short(line.text)}`;
    case 'checkpoint':
      return `${line.tree.slice(0, 12)}${line.isVerified ? ', verified' : ''}`;
    case 'compaction':
      return short(line.text);
    case 'end':
      return 'handover' in line.ending
        ? `hands over: ${short(line.ending.handover.summary)}`
        : line.ending.stopped;
  }
}

function answer({ reply }: Extract<Line, { type: 'response' }>): string {
  const said = reply.content.flatMap((block) => {
    if (block.type === 'text') return [short(block.text)];
    return block.type === 'tool_use' ? [tell(block.name, block.input)] : [];
  });
  return `${reply.stop}, ${(reply.nanoUsd / 1e9).toFixed(4)} USD: ${said.join('; ')}`;
}

function short(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  return plain.length > 160 ? `${plain.slice(0, 160)}…` : plain;
}
