import { createHash } from 'node:crypto';
import type { Clock, Runs } from '../ports.ts';
import { visible } from '../visible.ts';
import type { Run, RunLine, Stage } from './run.ts';
import type { RunRef } from './steps.ts';

export interface Progress {
  /** What is being done now, in a few words, and how far the run is; at which step of a conversation, if it is one. */
  at(percent: number, doing: string, also?: Pick<Run, 'step'>): Promise<void>;
  say(text: string, level?: RunLine['level']): Promise<void>;
}

/** How a step tells people what it does. Lines are named by their moment and words, so that a repeated write is one line. */
export function progress(
  { runs, clock }: { runs: Pick<Runs, 'update' | 'say'>; clock: Clock },
  { org, runId }: RunRef,
  { who, stage }: { who: RunLine['who']; stage: Stage },
): Progress {
  return {
    at: async (percent, doing, also) => {
      await runs.update(org, runId, {
        stage,
        percent,
        doing: `${who}: ${visible(doing)}`.slice(0, 300),
        ...also,
      });
    },
    say: async (text, level = 'info') => {
      const at = clock.now().toISOString();
      const digest = createHash('sha256').update(`${stage} ${text}`).digest('hex').slice(0, 8);
      const id = `${at}#${who}#${digest}`;
      await runs.say(org, runId, { id, at, stage, who, level, text: visible(text).slice(0, 2_000) });
    },
  };
}
