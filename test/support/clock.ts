import type { Clock } from '#local/clock.ts';

/** A clock that stands still until it is moved. */
export interface VirtualClock extends Clock {
  /** Moves to the next timer, however far off, and rings it; false when there is none. */
  jump(): boolean;
  /** Moves to `time`, ringing on the way what is due by then. */
  moveTo(time: number): void;
  /** Lets everything settle and jumps, again and again, until `isDone` or nothing is left to wait for. */
  run(isDone: () => boolean): Promise<void>;
}

/** Starts at `start`, epoch milliseconds. */
export function virtualClock(start = Date.parse('2026-01-01T00:00:00Z')): VirtualClock {
  let now = start;
  const timers = new Set<{ time: number; work: () => void }>();

  function next(): { time: number; work: () => void } | undefined {
    return [...timers].sort((one, other) => one.time - other.time)[0];
  }

  function jump(): boolean {
    const timer = next();
    if (!timer) return false;
    now = Math.max(now, timer.time);
    timers.delete(timer);
    timer.work();
    return true;
  }

  return {
    now: () => now,
    at(time, work) {
      const timer = { time, work };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    jump,
    moveTo(time) {
      for (let timer = next(); timer && timer.time <= time; timer = next()) jump();
      now = Math.max(now, time);
    },
    async run(isDone) {
      for (;;) {
        await settled(isDone);
        if (isDone() || !jump()) return;
      }
    },
  };
}

/** Gives what is ready in this process its turns: work in memory and in SQLite needs no more than these. */
export async function settled(isDone = () => false, turns = 40): Promise<void> {
  for (let turn = 0; turn < turns && !isDone(); turn += 1)
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
}
