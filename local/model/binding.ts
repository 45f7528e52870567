import { createHmac } from 'node:crypto';
import type { Conversation } from './request.ts';
import { type Turn, turnsOf } from './turns.ts';

// A scripted model has no secret to keep; the key only makes a changed block or prefix show.
const KEY = 'scripted thinking';

/** Signs a thinking block for its model and everything said before it, so that a changed prefix is noticed. */
export function signature(request: Conversation, before: readonly Turn[], thinking: string): string {
  const { model, system, tools } = request;
  const prefix = JSON.stringify([model, system, tools, before, thinking], withoutCacheMarks);
  return createHmac('sha256', KEY).update(prefix).digest('base64');
}

/** Where the first thinking block is that was altered, or whose prefix was; undefined if all are as they were sent. */
export function brokenThinking(request: Conversation): string | undefined {
  const turns = turnsOf(request);
  for (const [index, turn] of turns.entries()) {
    for (const [place, block] of turn.blocks.entries()) {
      if (block.type !== 'thinking') continue;
      if (block.signature !== signature(request, turns.slice(0, index), block.thinking))
        return `messages.${index}.content.${place}`;
    }
  }
  return undefined;
}

/** Breakpoints move from request to request; they are no part of what was said. */
function withoutCacheMarks(key: string, value: unknown): unknown {
  return key === 'cache_control' ? undefined : value;
}
