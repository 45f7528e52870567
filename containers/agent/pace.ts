import type { Ending } from '#core/agents/journal.ts';
import { exceeded, type Limit, leftOf, limitsOf } from '#core/agents/limits.ts';
import { marked } from '#core/agents/mark.ts';
import type { Work } from './loop.ts';
import type { Session } from './session.ts';

/** Ends what has used up one of its limits, and tells the model when half, a quarter and a tenth of any is left. */
export async function pace(work: Work, here: Session): Promise<Ending | undefined> {
  const all = limits(work, here);
  const stopped = exceeded(all);
  if (stopped) return { stopped };
  const { due: told, words } = leftOf(all);
  if (told <= here.state.told) return undefined;
  const left = `Left: ${words}. What is not handed over by then goes to a person, unfinished.`;
  const text = marked(work.mark, left);
  await here.record({ type: 'note', kind: 'budget', text, told });
  return undefined;
}

/** What the work may use, and has used by now. */
export function limits({ role, budget }: Work, { state, began }: Session): Limit[] {
  return limitsOf(state, role, { budget, seconds: (Date.now() - began) / 1_000 });
}
