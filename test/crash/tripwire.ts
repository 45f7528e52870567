import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Where a process is to die: at a durable step, before it is done or after. */
export interface Trip {
  step: number;
  moment: 'before' | 'after';
}

/** Counts durable steps, and kills this process with SIGKILL at one of them; others before it, where `die` does that. */
export function tripwire(trip: Trip | undefined, die = () => {}) {
  let steps = 0;
  const isHere = (moment: Trip['moment']) => trip?.step === steps && trip.moment === moment;

  function pass(moment: Trip['moment']): void {
    if (!isHere(moment)) return;
    die();
    process.kill(process.pid, 'SIGKILL');
  }

  return {
    steps: () => steps,
    /** For `openStore`: every commit is a step. */
    onCommit: (moment: Trip['moment']) => {
      if (moment === 'before') steps += 1;
      pass(moment);
    },
    /** Makes every change of a file below `folder` a step too; death before a write leaves half of it written. */
    watchFiles: (folder: string) => {
      const { writeFileSync } = fs;
      for (const name of ['writeFileSync', 'fsyncSync', 'renameSync', 'rmSync'] as const) {
        const real = fs[name] as (...all: unknown[]) => unknown;
        const watched = (...all: unknown[]) => {
          const [path, data] = all;
          if (typeof path === 'string' && !path.startsWith(folder)) return real(...all);
          steps += 1;
          if (isHere('before') && name === 'writeFileSync')
            writeFileSync(
              path as number,
              Buffer.from(data as string).subarray(0, (data as string).length / 2),
            );
          pass('before');
          const result = real(...all);
          pass('after');
          return result;
        };
        Object.assign(fs, { [name]: watched });
      }
      syncBuiltinESMExports();
    },
  };
}
