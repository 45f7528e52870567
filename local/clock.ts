import type { Store } from './store.ts';

/** Time as the local AWS sees it, in epoch milliseconds. Tests pass one that they can move. */
export interface Clock {
  now(): number;
  /** Runs `work` once `now()` has reached `time`, however far off that is. Answers how to call it off. */
  at(time: number, work: () => void): () => void;
}

/** A clock that can be set ahead of the machine's, for trying what takes days. */
export interface MovableClock extends Clock {
  /** Milliseconds that it is ahead. */
  ahead(): number;
  /** Sets it further ahead, and runs what falls due by that. Never back. */
  forward(milliseconds: number): void;
}

/** Node's timers overflow at 2³¹ ms (24.8 days) and then fire at once; longer waits are sliced below that. */
const SLICE = 2 ** 30;

/** The machine's own clock, with what `forward` adds. A timer looks at the time again when it fires, so a clock stepped back delays it. */
export function systemClock(
  kept: { ahead: number; keep?: (ahead: number) => void } = { ahead: 0 },
): MovableClock {
  let { ahead } = kept;
  const ticks = new Set<() => void>();
  const now = () => Date.now() + ahead;

  function at(time: number, work: () => void): () => void {
    let timer: NodeJS.Timeout;
    const tick = () => {
      clearTimeout(timer);
      const left = time - now();
      if (left > 0) {
        timer = setTimeout(tick, Math.min(left, SLICE));
        return;
      }
      ticks.delete(tick);
      work();
    };
    timer = setTimeout(tick, Math.min(Math.max(0, time - now()), SLICE));
    ticks.add(tick);
    return () => {
      clearTimeout(timer);
      ticks.delete(tick);
    };
  }

  return {
    now,
    at,
    ahead: () => ahead,
    forward: (milliseconds) => {
      ahead += Math.max(0, milliseconds);
      kept.keep?.(ahead);
      for (const tick of [...ticks]) tick();
    },
  };
}

/** The clock of a store: how far it was set ahead is kept there, so that time goes on where it stood. */
export function storedClock(store: Store): MovableClock {
  store
    .sql('CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY CHECK (id = 1), ahead INT NOT NULL)')
    .run();
  const ahead = Number(store.sql('SELECT ahead FROM clock').get()?.ahead ?? 0);
  const keep = (value: number) => {
    store.transaction(() => store.sql('INSERT OR REPLACE INTO clock VALUES (1, ?)').run(value));
  };
  return systemClock({ ahead, keep });
}
