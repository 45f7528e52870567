import { raised } from '#core/agents/capabilities.ts';
import type { Ending, Ties } from '#core/agents/journal.ts';
import { exceeded } from '#core/agents/limits.ts';
import { marked, unmarked } from '#core/agents/mark.ts';
import type { Model } from '#core/agents/model.ts';
import type { AgentLimits, Effort } from '#core/agents/roles.ts';
import type { Run } from '#core/runs/run.ts';
import { ask } from './ask.ts';
import { isRepeatable, useTool } from './call.ts';
import type { Journal } from './journal.ts';
import { orders } from './orders.ts';
import { limits, pace } from './pace.ts';
import { type Kept, type Session, session } from './session.ts';
import type { UseTool } from './tools.ts';

export interface Work {
  model: Model;
  role: AgentLimits;
  system: string;
  brief: string;
  /** Of the platform's own words, as the brief names it. */
  mark: string;
  useTool: UseTool;
  journal: Journal;
  /** Keeps the work tree as it is. */
  checkpoint: () => Promise<Kept>;
  /** Where the work stands, for a conversation that begins anew. */
  recap: () => Promise<string>;
  /** The run as people want it now. */
  steering: () => Promise<Pick<Run, 'control' | 'instructions'>>;
  /** Bytes that commands have sent and received, from the first of them. */
  carried: { up: number; down: number };
  /** Nano-dollars that this conversation may cost, with what it has cost already. */
  budget: number;
  /** Milliseconds for which a model that cannot be reached is asked again. */
  outage: number;
  /** Before a tool is used: how many answers there were, and what it does in words. */
  onStep: (step: number, doing: string) => Promise<void>;
  /** The last answer, by its cost rows, only went on in a circle. */
  onStruck: (paid: string[]) => Promise<void>;
  onProgress: () => void;
  signal: AbortSignal;
}

/** The part of a role's window from which on a conversation begins anew. */
const FULL = 0.6;

const RESTARTED =
  'The task was restarted. The work tree is as it was after your last finished step; what was installed or written outside of it is gone.';
const INTERRUPTED =
  'Interrupted by a restart: what it did is unknown. Inspect before you repeat it; changes it made to the work tree may be undone.';

/**
 * Lets the engineer work until it hands over, or until something says that it will not. Every step is in the journal
 * before it counts, so that another task goes on where this one dies: the next step follows from the journal alone.
 */
export async function engage(work: Work): Promise<{ ending: Ending; here: Session }> {
  const here = session(beating(work), work.checkpoint);
  const { state } = here;
  try {
    await begin(work, here);
    while (!state.end) {
      const ending = await advance(work, here);
      if (ending) await here.record({ type: 'end', ending });
    }
    await here.keep();
    return { ending: state.end, here };
  } catch (error) {
    await here.keep().catch(() => undefined);
    throw error;
  }
}

/** The work's journal; each line of it shows that there is progress. */
function beating({ journal, onProgress }: Work): Journal {
  const append: Journal['append'] = (entry) => {
    journal.append(entry);
    onProgress();
  };
  return { ...journal, append };
}

/** Begins, or goes on; anew where the conversation was with another model, whom this one's words would mean nothing. */
async function begin(work: Work, here: Session): Promise<void> {
  const { state, record } = here;
  const { brief, mark, role } = work;
  const ties = { route: `${role.provider}/${role.model}`, mark };
  if (state.messages.length === 0) return record({ type: 'note', kind: 'brief', text: brief, ...ties });
  if (state.end) return;
  if (state.ties?.route !== ties.route || state.ties.mark !== mark) await beginAnew(work, here, ties);
  const begun = state.open.find(({ id }) => id === state.begun);
  if (begun && !isRepeatable(begun.name))
    await record({ type: 'tool_result', call: begun.id, text: INTERRUPTED, isError: true });
  await record({ type: 'note', kind: 'restart', text: marked(mark, RESTARTED) });
}

/** The next thing to do, as the conversation stands; its ending when there is none. */
async function advance(work: Work, here: Session): Promise<Ending | undefined> {
  const { state, verdict } = here;
  if (verdict?.stop || verdict?.nudge) await work.onStruck(state.paid);
  if (verdict?.stop) return { stopped: verdict.stop };
  if (verdict?.nudge) return correct(work, here, { ...verdict, nudge: verdict.nudge });
  if (state.open.length > 0) return useTool(work, here);
  if (state.stop && state.stop !== 'pause_turn') return goOn(work, here);
  if (state.sent > 0 && !exceeded(limits(work, here))) return ask(work, here);
  if (state.context > FULL * work.role.window) return beginAnew(work, here);
  return (await pace(work, here)) ?? (await orders(work, here)) ?? (await ask(work, here));
}

/** The breaker's word goes to the model; at the second strike the conversation begins anew. */
async function correct(
  work: Work,
  here: Session,
  { nudge, replan }: { nudge: string; replan?: true },
): Promise<undefined> {
  if (replan) await beginAnew(work, here, { effort: raised(work.role) });
  await here.record({ type: 'note', kind: 'nudge', text: marked(work.mark, nudge) });
}

/** With the brief, where the work stands, and nothing of what was said. */
async function beginAnew(
  { brief, recap, mark }: Work,
  { record }: Session,
  changed: Partial<Ties> & { effort?: Effort } = {},
): Promise<undefined> {
  const where = marked(mark, unmarked(mark, await recap()));
  await record({ type: 'compaction', text: `${brief}\n\n${where}`, ...changed });
}

/** After an answer without a call. */
async function goOn(work: Work, here: Session): Promise<Ending | undefined> {
  const { state, record } = here;
  const { stop } = state;
  if (stop === 'refusal') return { stopped: 'The model declined to work on this' };
  if (stop === 'model_context_window_exceeded') {
    const isLong = state.messages.length > 2; // else beginning anew would not make it shorter
    return isLong ? beginAnew(work, here) : { stopped: 'The conversation has become too long for the model' };
  }
  if (stop === 'unknown') return { stopped: 'The model stopped for a reason that is not known here' };
  if (state.messages.at(-1)?.role === 'user') return { stopped: `The model answered nothing (${stop})` };
  const words =
    stop === 'max_tokens'
      ? 'Your answer was cut off. Go on in smaller steps.'
      : 'Go on with the tools. When the change is done and verified, call finish.';
  await record({ type: 'note', kind: 'reminder', text: marked(work.mark, words) });
  return undefined;
}
