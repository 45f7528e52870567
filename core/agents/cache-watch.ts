import type { Message } from './model.ts';

/** What a request found in the provider's cache, and what it left there. */
export interface CacheUse {
  at: Date;
  read: number;
  written: number;
}

/** Tokens that a request should have found in the cache and did not: what came before it was changed, or thrown away early. */
export type CacheWatch = (messages: readonly Message[], use: CacheUse) => number;

/** Under this, the provider keeps what is cached, as long as it is asked again within it. */
const KEPT = 270_000;
/** A smaller part is rounding. */
const NOTICED = 0.1;

/** Follows one conversation: one that grows finds all that its last request left. A new beginning counts nothing. */
export function cacheWatch(): CacheWatch {
  let last: { first: string; length: number; at: number; held: number } | undefined;
  return (messages, { at, read, written }) => {
    const now = { first: JSON.stringify(messages[0]), length: messages.length, at: at.getTime() };
    const grew = last && last.first === now.first && last.length <= now.length && now.at - last.at < KEPT;
    const missed = grew && last ? last.held - read : 0;
    const isNoticed = missed > (last?.held ?? 0) * NOTICED;
    last = { ...now, held: read + written };
    return isNoticed ? missed : 0;
  };
}
