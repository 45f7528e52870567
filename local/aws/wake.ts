import type { Clock } from '../clock.ts';

/** Lets a poller sleep, at no cost, until something happens to its key. */
export interface Wakes {
  /** Resolves when `key` is woken, when `until` has come, or when `signal` aborts: look again, then. */
  asleep(key: string, until: number, signal: AbortSignal): Promise<void>;
  wake(key: string): void;
}

export function wakes(clock: Clock): Wakes {
  const sleepers = new Map<string, Set<() => void>>();

  function asleep(key: string, until: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const mine = sleepers.get(key) ?? new Set();
      sleepers.set(key, mine);
      const forget = Number.isFinite(until) ? clock.at(until, up) : () => {};
      mine.add(up);
      signal.addEventListener('abort', up);
      if (signal.aborted) up();

      function up(): void {
        forget();
        signal.removeEventListener('abort', up);
        mine.delete(up);
        if (mine.size === 0 && sleepers.get(key) === mine) sleepers.delete(key);
        resolve();
      }
    });
  }

  return {
    asleep,
    wake: (key) => {
      for (const up of [...(sleepers.get(key) ?? [])]) up();
    },
  };
}
