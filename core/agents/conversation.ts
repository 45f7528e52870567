import type { Ending, Entry, Ties, Used } from './journal.ts';
import type { Block, Message, Stop, ToolResult, ToolUse } from './model.ts';
import type { Notes } from './notes.ts';
import type { Effort } from './roles.ts';

/** A conversation as its journal makes it: the same lines, live or replayed, make the same bytes. */
export interface Conversation {
  messages: Message[];
  /** Why the model's last answer ended; undefined while its answer is to come. */
  stop?: Stop;
  /** Calls of the last answer that have no result yet, in order. */
  open: ToolUse[];
  results: ToolResult[];
  /** The call that was begun and has no result. */
  begun?: string;
  /** Whether a request was sent that has no answer, and how many times. */
  sent: number;
  /** Requests of which nobody knows what became of them. */
  unknown: number;
  /** What is to be told with the next message. */
  notices: string[];
  answers: number;
  spent: number;
  /** Cost rows of the last answer. */
  paid: string[];
  /** Tokens of the last request with its answer, as the provider counted them: how long the conversation is. */
  context: number;
  /** Tokens of all requests and answers. */
  tokens: number;
  /** By all calls. */
  used: Used;
  /** As its beginning says. */
  ties?: Partial<Ties>;
  /** Where it is another than the role's. */
  effort?: Effort;
  /** Answers in a row without a call. */
  monologues: number;
  /** Messages of people that were told. */
  heard: string[];
  told: number;
  kept?: { tree: string; patch: string };
  /** The last kept work tree that passed verification. */
  best?: { tree: string; patch: string };
  /** The engineer's own, as they were kept last. */
  notes: Notes;
  end?: Ending;
}

export function conversation(): Conversation {
  return {
    ...{ messages: [], open: [], results: [], notices: [], heard: [], paid: [] },
    ...{ sent: 0, unknown: 0, answers: 0, spent: 0, context: 0, tokens: 0, monologues: 0, told: 0 },
    ...{ notes: {}, used: { seconds: 0, sent: 0, received: 0 } },
  };
}

/** What the conversation is after these entries. */
export function replay(entries: readonly Entry[]): Conversation {
  const state = conversation();
  for (const entry of entries) follow(state, entry);
  return state;
}

/** Takes one more entry into the conversation. Messages that were sent are never changed, except by a compaction. */
export function follow(state: Conversation, entry: Entry): void {
  switch (entry.type) {
    case 'note':
      noted(state, entry);
      break;
    case 'request_intent':
      if (entry.because === 'restart') state.unknown++;
      state.sent++;
      break;
    case 'response':
      answered(state, entry);
      break;
    case 'tool_intent':
      state.begun = entry.call;
      break;
    case 'tool_result':
      resulted(state, entry);
      break;
    case 'checkpoint':
      state.kept = { tree: entry.tree, patch: entry.patch };
      if (entry.isVerified) state.best = state.kept;
      state.notes = entry.notes ?? state.notes;
      break;
    case 'compaction':
      if (state.sent > 0) state.unknown++;
      Object.assign(state, { messages: [], open: [], results: [], begun: undefined, context: 0, sent: 0 });
      tie(state, entry);
      state.effort = entry.effort ?? state.effort;
      state.notices.unshift(entry.text);
      tell(state);
      break;
    case 'end':
      state.end = entry.ending;
  }
}

function noted(state: Conversation, { text, id, told, ...ties }: Extract<Entry, { type: 'note' }>): void {
  if (id) state.heard.push(id);
  if (told) state.told = told;
  tie(state, ties);
  state.notices.push(text);
  if (state.open.length === 0 && state.sent === 0) tell(state);
}

function tie(state: Conversation, { route, mark }: Partial<Ties>): void {
  if (route || mark) state.ties = { ...state.ties, ...(route && { route }), ...(mark && { mark }) };
}

function answered(state: Conversation, { reply }: Extract<Entry, { type: 'response' }>): void {
  const { content, stop, nanoUsd, tokens, paid = [] } = reply;
  if (content.length > 0) state.messages.push({ role: 'assistant', content });
  state.open = content.filter((block): block is ToolUse => block.type === 'tool_use');
  if (state.open.length > 0) state.monologues = 0;
  else if (stop !== 'pause_turn') state.monologues++;
  state.stop = stop;
  state.sent = 0;
  state.answers++;
  state.spent += nanoUsd;
  state.paid = paid;
  state.context = tokens;
  state.tokens += tokens;
}

function resulted(
  state: Conversation,
  { call, text, isError, used }: Extract<Entry, { type: 'tool_result' }>,
): void {
  state.open = state.open.filter(({ id }) => id !== call);
  state.begun = undefined;
  if (used) state.used = { ...used, seconds: state.used.seconds + used.seconds };
  state.results.push({
    type: 'tool_result',
    tool_use_id: call,
    content: text || '(nothing)',
    ...(isError && { is_error: true }),
  });
  if (state.open.length > 0) return;
  state.messages.push({ role: 'user', content: state.results });
  state.results = [];
  state.stop = undefined;
  if (state.notices.length > 0) tell(state);
}

/** Says what is to be told in the user's next message. Nothing may stand after a tool's result, so there it joins the result. */
function tell(state: Conversation): void {
  const text = state.notices.splice(0).join('\n\n');
  const last = state.messages.at(-1)?.role === 'user' ? state.messages.pop()?.content : undefined;
  state.stop = undefined;
  const content = [...(last ?? []).slice(0, -1), extended(last?.at(-1), text)];
  state.messages.push({ role: 'user', content });
}

function extended(block: Block | undefined, text: string): Block {
  if (block?.type === 'tool_result') return { ...block, content: `${block.content}\n\n${text}` };
  if (block?.type === 'text') return { ...block, text: `${block.text}\n\n${text}` };
  return { type: 'text', text };
}
