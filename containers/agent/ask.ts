import { setTimeout as sleep } from 'node:timers/promises';
import { allowance } from '#core/agents/budget.ts';
import { type Ending, requestHash } from '#core/agents/journal.ts';
import type { Reply } from '#core/agents/model.ts';
import { offered } from '#core/agents/tools.ts';
import { Fault } from '#core/fault.ts';
import type { Work } from './loop.ts';
import type { Session } from './session.ts';

/** Answers that broke off and were asked for again, in one step: what broke off has cost something. */
const REPEATS = 3;

/** The model's next answer, asked for in writing; sent again, each time in writing, while it cannot be reached. */
export async function ask(work: Work, here: Session): Promise<Ending | undefined> {
  const until = Date.now() + work.outage;
  let because = here.state.sent > 0 ? 'restart' : undefined;
  let repeats = 0;
  const onRepeat = async (why: string) => {
    if (++repeats >= REPEATS)
      throw new Fault('Conflict', `The model's answer broke off again and again: ${why}`);
    await intend(work, here, why);
  };
  for (let wait = 1_000; ; wait = Math.min(wait * 2, 30_000)) {
    try {
      const reply = await sent(work, here, { because, onRepeat });
      await here.record({ type: 'response', reply });
      void here.keep();
      return undefined;
    } catch (error) {
      if (work.signal.aborted || !(error instanceof Fault)) throw error;
      if (error.code !== 'Unavailable' || Date.now() >= until) return { stopped: error.message };
      because = error.message;
      await sleep(wait, undefined, { signal: work.signal });
    }
  }
}

async function sent(
  work: Work,
  here: Session,
  { because, onRepeat }: { because?: string; onRepeat: (why: string) => Promise<void> },
): Promise<Reply> {
  const { signal, onProgress } = work;
  const maxTokens = await intend(work, here, because);
  return work.model.converse({
    ...{ role: 'engineer', maxTokens, effort: here.state.effort, signal, onProgress, onRepeat },
    ...promptOf(work, here),
  });
}

/** Writes down that the next answer is asked for, and answers how long it may be. */
async function intend(work: Work, here: Session, because?: string): Promise<number> {
  const { messages, spent } = here.state;
  const left = Math.min(work.budget, work.role.maxNanoUsd) - spent;
  const maxTokens = allowance(left, promptOf(work, here), { role: work.role, at: new Date() });
  const hash = requestHash(messages);
  await here.record({ type: 'request_intent', hash, maxTokens, ...(because && { because }) });
  return maxTokens;
}

function promptOf({ system, role }: Work, { state }: Session) {
  return { system, tools: offered(role), messages: state.messages };
}
