import { statSync } from 'node:fs';
import { join } from 'node:path';
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

/** How far the machine's clock must jump, compared with what has passed, to have been set; and how often to look. */
const STEP = 10_000;
const LOOK = 1_000;

/**
 * The machine's own clock, with what `forward` adds. It never goes back: when the machine's is set back, this one is
 * ahead by that from then on, so that what waits a minute waits a minute. A machine set forward takes this one along.
 */
export function systemClock(
  kept: { ahead: number; keep?: (ahead: number) => void } = { ahead: 0 },
): MovableClock {
  let { ahead } = kept;
  let last = { wall: Date.now(), passed: performance.now() };
  let isStepped = false;
  let looking: NodeJS.Timeout | undefined;
  const ticks = new Set<() => void>();

  function now(): number {
    const seen = { wall: Date.now(), passed: performance.now() };
    const jump = Math.round(seen.wall - last.wall - (seen.passed - last.passed));
    last = seen;
    if (Math.abs(jump) > STEP) isStepped = true;
    if (jump < -STEP) ahead -= jump;
    return seen.wall + ahead;
  }

  function look(): void {
    if (ticks.size === 0) {
      clearInterval(looking);
      looking = undefined;
      return;
    }
    now();
    if (isStepped) forward(0);
    isStepped = false;
  }

  function forward(milliseconds: number): void {
    ahead += Math.max(0, milliseconds);
    kept.keep?.(ahead);
    for (const tick of [...ticks]) tick();
  }

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
    looking ??= setInterval(look, LOOK).unref();
    return () => {
      clearTimeout(timer);
      ticks.delete(tick);
    };
  }

  return { now, at, ahead: () => ahead, forward };
}

/** The clock of a store: how far it was set ahead is kept there, and it goes on from the last write at the earliest. */
export function storedClock(store: Store): MovableClock {
  const behind = lastWrite(store.folder) - Date.now();
  store
    .sql('CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY CHECK (id = 1), ahead INT NOT NULL)')
    .run();
  const ahead = Number(store.sql('SELECT ahead FROM clock').get()?.ahead ?? 0);
  const keep = (value: number) => {
    store.transaction(() => store.sql('INSERT OR REPLACE INTO clock VALUES (1, ?)').run(value));
  };
  if (behind <= STEP) return systemClock({ ahead, keep });
  keep(ahead + behind);
  return systemClock({ ahead: ahead + behind, keep });
}

/** By the machine's clock as it was then. An empty log of writes is as old as this start. */
function lastWrite(folder: string): number {
  const files = ['aws.sqlite', 'aws.sqlite-wal'].map((name) =>
    statSync(join(folder, name), { throwIfNoEntry: false }),
  );
  return Math.round(Math.max(0, ...files.map((file) => (file?.size ? file.mtimeMs : 0))));
}
