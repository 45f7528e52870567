import { breaker, type Step, type Verdict } from '#core/agents/breaker.ts';
import { type Conversation, conversation, follow } from '#core/agents/conversation.ts';
import type { Entry } from '#core/agents/journal.ts';
import type { Notes } from '#core/agents/notes.ts';
import type { Journal } from './journal.ts';

/** A work tree as it is kept: what has changed in it since the start lies under `patch`. */
export interface Kept {
  tree: string;
  patch: string;
  /** The engineer's own, when they have changed. */
  notes?: Notes;
}

/** A conversation that is written down as it happens. */
export interface Session {
  state: Conversation;
  /** Milliseconds since the epoch at its first line. */
  began: number;
  /** What the breaker says of the last step; nothing once it was passed on. */
  verdict: Verdict | undefined;
  record(entry: Entry): Promise<void>;
  /**
   * Puts the journal as it is now, and the work tree that belongs to it, where another machine finds them. A journal never
   * gets there before its work tree.
   */
  keep(): Promise<void>;
  /** Waits until the work tree may change again. */
  still(): Promise<void>;
  /** The tree is no longer the one that was kept; `isVerified` when it is known to be right. */
  touched(isVerified: boolean): void;
}

/** Goes on with what the journal says. */
export function session(journal: Journal, checkpoint: () => Promise<Kept>): Session {
  const observe = breaker();
  let looking = Promise.resolve();
  let isDirty = false;
  let isVerified = false;
  const self: Session = {
    state: conversation(),
    began: Date.parse(journal.lines[0]?.at ?? '') || Date.now(),
    verdict: undefined,
    record: async (entry) => {
      journal.append(entry);
      take(entry);
    },
    keep: () => {
      looking = looking.then(look);
      const kept = looking.then(journal.flush); // before whoever waits for `still` goes on
      kept.catch(() => undefined); // told to whoever waits for the next
      return kept;
    },
    still: () => looking,
    touched: (now) => {
      isDirty = true;
      isVerified = now;
    },
  };
  for (const line of journal.lines) take(line);
  return self;

  function take(entry: Entry): void {
    const step = stepOf(self.state, entry);
    follow(self.state, entry);
    if (step) self.verdict = observe(step);
    if (entry.type === 'note' && entry.kind === 'nudge') self.verdict = undefined;
  }

  async function look(): Promise<void> {
    if (!isDirty) return;
    isDirty = false;
    const kept = await checkpoint();
    await self.record({ type: 'checkpoint', ...kept, isVerified });
  }
}

/** What the breaker is told of an entry: a tool's result, or an answer in words. */
function stepOf({ open, kept }: Conversation, entry: Entry): Step | undefined {
  if (entry.type === 'response') {
    const { content, stop } = entry.reply;
    const isWords = stop !== 'pause_turn' && content.every(({ type }) => type !== 'tool_use');
    return isWords ? { result: JSON.stringify(content) } : undefined;
  }
  if (entry.type !== 'tool_result' || !entry.facts) return undefined;
  const { call, text: result, isError, facts } = entry;
  const made = open.find(({ id }) => id === call);
  return { tool: made?.name, input: made?.input, result, isError, tree: kept?.tree, ...facts };
}
