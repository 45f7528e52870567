import type { Block, Model } from '#core/agents/model.ts';
import type { Purse } from '#core/agents/spend.ts';
import type { Clock } from '#core/ports.ts';
import { type Access, messagesClient } from './client.ts';
import { speaking } from './speak.ts';
import { stopOf } from './stop.ts';
import { ask } from './structured.ts';

export interface ModelOptions extends Access {
  clock: Clock;
  /** Pays for every HTTP attempt, before it is made. */
  purse: Purse;
}

/** The model port over the Messages API. Cheap to make: one per run, so that every cost lands on that run. */
export function anthropicModel(options: ModelOptions): Model {
  const speak = speaking({ ...options, send: messagesClient(options) });
  return {
    ask: (question) => ask(speak, options.clock, question),
    async converse(turn) {
      const { answer, nanoUsd } = await speak(turn, { signal: turn.signal, onProgress: turn.onProgress });
      return { content: answer.content as unknown as Block[], stop: stopOf(answer), nanoUsd };
    },
  };
}
