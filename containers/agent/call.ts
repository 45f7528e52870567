import type { Ending } from '#core/agents/journal.ts';
import { exceeded } from '#core/agents/limits.ts';
import { unmarked } from '#core/agents/mark.ts';
import { tell } from '#core/agents/tools.ts';
import type { Work } from './loop.ts';
import { limits } from './pace.ts';
import type { Session } from './session.ts';
import type { Result } from './tools.ts';

const CUT = 'Your answer was cut off here, so this call was not made. Make it again, smaller.';

const LOOKS = ['read', 'search'];

/** Whether a call reaches no further than the work tree, which goes back with the journal. Any other is kept as begun before it begins. */
export function isRepeatable(name: string): boolean {
  return name !== 'bash';
}

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
  const stopped = name === 'finish' ? undefined : exceeded(limits(work, here).filter((one) => one.byCalls));
  if (stopped) return { stopped };
  work.signal.throwIfAborted();
  await record({ type: 'tool_intent', call: id, name });
  await (isRepeatable(name) ? here.still() : here.keep());
  const began = performance.now();
  const [result] = await Promise.all([
    made(work, name, input),
    work.onStep(state.answers, tell(name, input)),
  ]);
  const { text: said, isError = false, handover, facts = {} } = result;
  const text = unmarked(work.mark, said);
  const { up: sent, down: received } = work.carried;
  const used = { seconds: Math.round(performance.now() - began) / 1_000, sent, received };
  work.signal.throwIfAborted();
  if (handover) return { handover };
  if (!LOOKS.includes(name)) here.touched(name === 'verify' && !isError);
  await record({ type: 'tool_result', call: id, text, isError, facts, used });
  if (state.open.length === 0) void here.keep();
  return undefined;
}

/** Nothing but what the role is offered is used, whatever the model has heard of. */
async function made({ role, useTool: use }: Work, name: string, input: unknown): Promise<Result> {
  if (role.tools.some((one) => one === name)) return use(name, input);
  return { text: `There is no tool "${name}"`, isError: true, facts: { malformed: true } };
}
