import type * as z from 'zod';
import type { Effort, Role } from './roles.ts';

/** What is in a message, in the Messages API's own words: blocks go back byte for byte as they came. */
export type Block = TextBlock | ToolUse | ToolResult | Thought;

export interface TextBlock {
  type: 'text';
  text: string;
}

export interface ToolUse {
  type: 'tool_use';
  id: string;
  name: string;
  input: unknown;
}

export interface ToolResult {
  type: 'tool_result';
  tool_use_id: string;
  content: string;
  is_error?: boolean;
}

/** The model's own notes: opaque and signed, only ever replayed. */
export interface Thought {
  type: 'thinking' | 'redacted_thinking';
  [field: string]: unknown;
}

export interface Message {
  role: 'user' | 'assistant';
  content: Block[];
}

export interface Tool {
  name: string;
  description: string;
  /** JSON Schema of its input, made by `jsonSchema`. */
  schema: object;
}

/** Why the model stopped. `unknown` is a reason we have not heard of: stop, never go on. */
export type Stop =
  | 'end_turn'
  | 'max_tokens'
  | 'stop_sequence'
  | 'tool_use'
  | 'pause_turn'
  | 'refusal'
  | 'model_context_window_exceeded'
  | 'unknown';

export interface Question<T> {
  role: Role;
  system: string;
  /** Untrusted text belongs here, delimited; never in `system`. */
  user: string;
  /** Objects, arrays, strings, numbers, booleans, enums: no records, no recursion. */
  schema: z.ZodType<T>;
}

export interface Turn {
  role: Role;
  system: string;
  tools: Tool[];
  /** Append-only from turn to turn: thinking is bound to the words before it. */
  messages: Message[];
  maxTokens: number;
  /** In place of the role's; the same throughout a conversation. */
  effort?: Effort;
  signal?: AbortSignal;
  /** Called whenever bytes arrive: a turn that is slow but alive. */
  onProgress?: () => void;
  /** Awaited before an answer that broke off is asked for again, and told why; throwing ends the turn. */
  onRepeat?: (why: string) => Promise<void>;
}

export interface Reply {
  content: Block[];
  stop: Stop;
  /** What this turn cost, all its HTTP attempts together. */
  nanoUsd: number;
  /** The cost rows that say so. */
  paid?: string[];
  /** The request's and the answer's together, by the provider's count: cached ones too. */
  tokens: number;
}

/**
 * A language model. Every HTTP attempt has become a cost row before a call returns or throws.
 * Throws `Unavailable` (no answer, after retries), `TooMany` (none for a long time to come), `Unauthorized` (key),
 * `OverBudget` (no credit, or a price we do not know) or `Invalid` (the request or the answer is of no use; the message
 * says why, for people).
 */
export interface Model {
  /** One structured answer, with at most two repairs. */
  ask<T>(question: Question<T>): Promise<T>;
  /** One turn of a conversation with tools. What it cost is booked beside what follows, before the next turn at the latest. */
  converse(turn: Turn): Promise<Reply>;
  /** Waits until every turn so far is booked. */
  booked(): Promise<void>;
}
