import { setTimeout as sleep } from 'node:timers/promises';
import type { Ending } from '#core/agents/journal.ts';
import { marked } from '#core/agents/mark.ts';
import type { Work } from './loop.ts';
import type { Session } from './session.ts';

/** Between two looks of a paused run. */
const PAUSED = 3_000;
/** A pause that nobody ends becomes a stop, while there is time to keep what there is. */
const LONGEST_PAUSE = 2 * 3_600_000;

/** Hears what people say, waits while they want it to wait, and ends when they want it to end. */
export async function orders(work: Work, { state, began, record }: Session): Promise<Ending | undefined> {
  const until = Math.min(Date.now() + LONGEST_PAUSE, began + work.role.maxSeconds * 1_000);
  for (;;) {
    const { control, instructions = [] } = await work.steering();
    for (const { id, by, text } of instructions.filter((one) => !state.heard.includes(one.id)))
      await record({ type: 'note', kind: 'message', id, text: marked(work.mark, `${by} says: ${text}`) });
    if (control?.wish === 'stop') return { stopped: `${control.by} stopped it` };
    if (control?.wish !== 'pause') return undefined;
    if (Date.now() > until) return { stopped: `${control.by} paused it, and nobody let it go on` };
    work.onProgress();
    await sleep(PAUSED, undefined, { signal: work.signal });
  }
}
