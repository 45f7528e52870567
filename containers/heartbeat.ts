import { monitorEventLoopDelay } from 'node:perf_hooks';
import { log } from '#adapters/log.ts';

export interface Pulse {
  /** Milliseconds between two beats. */
  every: number;
  /** Milliseconds without progress after which a task counts as stuck: longer than any single step may take. */
  stuck: number;
  beat(): Promise<boolean>;
  /** Nobody waits for this task any more. */
  onUnheard(): void;
}

export interface Heart {
  /** Something moved: a line of the journal, a piece of an answer, the end of a command. */
  progress(): void;
  stop(): void;
}

/** Part of the interval for which the process may be deaf to everything else. */
const DEAF = 1 / 3;

/**
 * Beats while the work gets on. A timer of its own tells nothing of that, so a beat is left out when nothing has moved for
 * too long, and when the event loop hung: whoever waits then gives the work to another task.
 */
export function heartbeat({ every, stuck, beat, onUnheard }: Pulse): Heart {
  const delay = monitorEventLoopDelay();
  delay.enable();
  let last = Date.now();
  const timer = setInterval(() => {
    const hung = delay.max / 1e6;
    delay.reset();
    if (hung > every * DEAF) return log.warn('no heartbeat: the event loop hung', { milliseconds: hung });
    if (Date.now() - last > stuck) return log.warn('no heartbeat: nothing moves', { since: last });
    beat().then(
      (heard) => {
        if (!heard) onUnheard();
      },
      (error: unknown) => log.warn('a heartbeat was not heard', { error: (error as Error).name }),
    );
  }, every);
  return {
    progress: () => {
      last = Date.now();
    },
    stop: () => {
      clearInterval(timer);
      delay.disable();
    },
  };
}
