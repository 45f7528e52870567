import { setTimeout as sleep } from 'node:timers/promises';
import { allowance } from '#core/agents/budget.ts';
import { type Ending, requestHash } from '#core/agents/journal.ts';
import type { Reply } from '#core/agents/model.ts';
import { ROLES } from '#core/agents/roles.ts';
import { ENGINEER_TOOLS } from '#core/agents/tools.ts';
import { Fault } from '#core/fault.ts';
import type { Work } from './loop.ts';
import type { Session } from './session.ts';

/** How long a model that cannot be reached is asked again. */
const UNREACHABLE = 10 * 60_000;

/** The model's next answer, asked for in writing; sent again, each time in writing, while it cannot be reached. */
export async function ask(work: Work, here: Session): Promise<Ending | undefined> {
  const until = Date.now() + UNREACHABLE;
  let because = here.state.sent > 0 ? 'restart' : undefined;
  for (let wait = 1_000; ; wait = Math.min(wait * 2, 30_000)) {
    try {
      const reply = await sent(work, here, because);
      await here.record({ type: 'response', reply });
      void work.journal.flush().catch(() => undefined); // told by the next `keep`
      return undefined;
    } catch (error) {
      if (work.signal.aborted || !(error instanceof Fault)) throw error;
      if (error.code !== 'Unavailable' || Date.now() > until) return { stopped: error.message };
      because = error.message;
      work.onProgress();
      await sleep(wait, undefined, { signal: work.signal });
    }
  }
}

async function sent(work: Work, { state, record }: Session, because?: string): Promise<Reply> {
  const { messages, spent } = state;
  const prompt = { system: work.system, tools: ENGINEER_TOOLS, messages };
  const left = Math.min(work.budget, ROLES.engineer.maxNanoUsd) - spent;
  const maxTokens = allowance(left, prompt, { role: ROLES.engineer, at: new Date() });
  await record({
    type: 'request_intent',
    hash: requestHash(messages),
    maxTokens,
    ...(because && { because }),
  });
  const { signal, onProgress } = work;
  return work.model.converse({ role: 'engineer', ...prompt, maxTokens, signal, onProgress });
}
