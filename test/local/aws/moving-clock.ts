import type { Clock } from '#local/clock.ts';

export interface MovingClock extends Clock {
  /** Moves time on, running what falls due on the way, each at its own time. */
  advance(ms: number): Promise<void>;
}

/** A clock that stands still until it is moved. */
export function movingClock(start = Date.now()): MovingClock {
  let now = start;
  let timers: { time: number; work: () => void }[] = [];

  function due(until: number) {
    const [next] = timers.filter(({ time }) => time <= until).sort((a, b) => a.time - b.time);
    timers = timers.filter((timer) => timer !== next);
    return next;
  }

  return {
    now: () => now,
    at: (time, work) => {
      const timer = { time, work };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    advance: async (ms) => {
      const until = now + ms;
      for (let next = due(until); next; next = due(until)) {
        now = Math.max(now, next.time);
        next.work();
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = until;
    },
  };
}
