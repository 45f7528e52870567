import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import type { TimerKind } from './rows.ts';

export interface Due {
  execution: string;
  path: string;
  kind: TimerKind;
}

/** The one alarm for all timers of all executions: it holds the earliest, the store holds the rest. */
export interface Timers {
  /** Looks again which is the earliest: after a restart, and after timers were set. */
  arm(): void;
  stop(): void;
}

const BATCH = 500;

/** Rings every timer once it is due; the next batch waits until `ring` has taken up the one before. */
export function timers(store: Store, clock: Clock, ring: (due: Due) => Promise<void>): Timers {
  let cancel = () => {};
  let armed = Number.POSITIVE_INFINITY;
  let isRinging = false;
  let isStopped = false;

  function arm(): void {
    if (isRinging || isStopped) return;
    const next = store.sql('SELECT min(due) AS due FROM states_timers').get()?.due as number | null;
    if (next === null || next >= armed) return;
    cancel();
    armed = next;
    cancel = clock.at(next, () => {
      armed = Number.POSITIVE_INFINITY;
      void fire();
    });
  }

  async function fire(): Promise<void> {
    if (isStopped) return;
    isRinging = true;
    const rows = store
      .sql('SELECT execution, path, kind FROM states_timers WHERE due<=? ORDER BY due LIMIT ?')
      .all(clock.now(), BATCH) as unknown as Due[];
    await Promise.all(rows.map(ring));
    isRinging = false;
    arm();
  }

  return {
    arm,
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
