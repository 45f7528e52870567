import type { Ending } from '#core/agents/journal.ts';
import { tell } from '#core/agents/tools.ts';
import type { Work } from './loop.ts';
import type { Session } from './session.ts';

/** Calls that only look, or whose doing can be done twice. */
export const PURE: readonly string[] = ['read', 'search', 'verify', 'finish'];

const CUT = 'Your answer was cut off here, so this call was not made. Make it again, smaller.';

/** Makes the first call that has no result yet. One at a time: they share one work tree. */
export async function useTool(work: Work, here: Session): Promise<Ending | undefined> {
  const { state, record } = here;
  const [call] = state.open;
  if (!call) return undefined;
  const { id, name, input } = call;
  if (state.stop !== 'tool_use') {
    await record({ type: 'tool_result', call: id, text: CUT, isError: true });
    return undefined;
  }
  work.signal.throwIfAborted();
  await work.onStep(state.answers, tell(name, input));
  await record({ type: 'tool_intent', call: id, name });
  // What may reach beyond the work tree is kept as begun before it begins; the tree itself goes back with the journal.
  await (name === 'bash' ? here.keep() : here.kept());
  const { text, isError = false, handover, facts = {} } = await work.useTool(name, input);
  work.signal.throwIfAborted();
  work.onProgress();
  if (handover) return { handover };
  if (!PURE.includes(name)) here.touched(false);
  if (name === 'verify' && !isError) here.touched(true);
  await record({ type: 'tool_result', call: id, text, isError, facts });
  if (state.open.length === 0) void here.keep();
  return undefined;
}
