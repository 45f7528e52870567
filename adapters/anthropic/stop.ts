import type { Message } from '@anthropic-ai/sdk/resources/messages';
import type { Stop } from '#core/agents/model.ts';

/** Why the model stopped; `unknown` for whatever was invented since. */
export function stopOf({ stop_reason: reason }: Message): Stop {
  switch (reason) {
    case 'end_turn':
    case 'max_tokens':
    case 'stop_sequence':
    case 'tool_use':
    case 'pause_turn':
    case 'refusal':
    case 'model_context_window_exceeded':
      return reason;
    default:
      return 'unknown';
  }
}
