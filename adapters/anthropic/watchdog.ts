export interface Watchdog {
  signal: AbortSignal;
  /** Something arrived: begin to count anew. */
  touch: () => void;
  stop: () => void;
}

/** Aborts when nothing was touched for `ms`; counts from the first touch on. */
export function watchdog(ms: number, why: string): Watchdog {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    touch: () => {
      clearTimeout(timer);
      timer = setTimeout(() => controller.abort(new Error(why)), ms);
    },
    stop: () => clearTimeout(timer),
  };
}
