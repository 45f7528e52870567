import type { Block, Model } from '#core/agents/model.ts';
import { tokensIn, type Usage } from '#core/agents/prices.ts';
import { ROLES, type Role, type RoleLimits } from '#core/agents/roles.ts';
import type { Routes } from '#core/agents/routes.ts';
import type { Purse } from '#core/agents/spend.ts';
import { Fault } from '#core/fault.ts';
import type { Clock } from '#core/ports.ts';
import { clients, type ProviderAccess } from './providers.ts';
import { speaking } from './speak.ts';
import { stopOf } from './stop.ts';
import { ask } from './structured.ts';

export interface ModelOptions extends ProviderAccess {
  roles?: Record<Role, RoleLimits>;
  clock: Clock;
  /** Pays for every HTTP attempt, before it is made. */
  purse: Purse;
  /** Which of them are closed; none unless given. */
  routes?: Pick<Routes, 'find'>;
}

/** The model port over the Messages API, each role at its own provider. Cheap to make: one per run, so that every cost lands on that run. */
export function anthropicModel({ roles = ROLES, clock, purse, routes, ...access }: ModelOptions): Model {
  const speak = speaking({ roles, clock, purse, routes, send: clients(access) });
  let booking = Promise.resolve();
  return {
    booked: () => booking,
    ask: (question) => ask(speak, { clock, roles }, question),
    async converse(turn) {
      await booking;
      const { answer, nanoUsd, paid, booked } = await speak(turn, {
        signal: turn.signal,
        onProgress: turn.onProgress,
        onRepeat: turn.onRepeat,
      });
      booking = booked;
      const content = answer.content as unknown as Block[];
      const stop = stopOf(answer);
      if (stop === 'tool_use' && !content.some(({ type }) => type === 'tool_use'))
        throw new Fault('Invalid', 'The model provider dropped the tool calls of an answer');
      return { content, stop, nanoUsd, paid, tokens: tokensIn(answer.usage as Usage) };
    },
  };
}
