/** Time as the local AWS sees it, in epoch milliseconds. Tests pass one that they can move. */
export interface Clock {
  now(): number;
  /** Runs `work` once `now()` has reached `time`, however far off that is. Answers how to call it off. */
  at(time: number, work: () => void): () => void;
}

/** Node's timers overflow at 2³¹ ms (24.8 days) and then fire at once; longer waits are sliced below that. */
const SLICE = 2 ** 30;

/** The machine's own clock. A timer looks at the time again when it fires, so a clock stepped back delays it. */
export function systemClock(): Clock {
  return { now: Date.now, at };

  function at(time: number, work: () => void): () => void {
    let timer: NodeJS.Timeout;
    const tick = () => {
      const left = time - Date.now();
      if (left <= 0) work();
      else timer = setTimeout(tick, Math.min(left, SLICE));
    };
    timer = setTimeout(tick, Math.min(Math.max(0, time - Date.now()), SLICE));
    return () => clearTimeout(timer);
  }
}
