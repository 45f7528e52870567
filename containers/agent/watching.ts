import type { Run } from '#core/runs/run.ts';
import type { Task } from '../task.ts';

/** How old what is known of people's wishes may be, in milliseconds. */
const EVERY = 3_000;

/** Looks at the run beside the work, so that no step waits for it; stops the task when another has taken it over. */
export function watching({ run, runs, signal, stop }: Task): {
  steering: () => Promise<Run>;
  end: () => void;
} {
  let known = run;
  let isAsking = false;
  const look = async () => {
    if (isAsking || signal.aborted) return;
    isAsking = true;
    known = (await runs.find(run.org, run.id).catch(() => undefined)) ?? known; // the next look may succeed
    isAsking = false;
    if (known.lease !== run.lease) stop(new Error('another task works on this run now'));
  };
  const timer = setInterval(() => void look(), EVERY);
  return { steering: async () => known, end: () => clearInterval(timer) };
}
