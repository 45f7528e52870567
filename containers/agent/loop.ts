import { setTimeout as sleep } from 'node:timers/promises';
import { breaker } from '#core/agents/breaker.ts';
import { allowance } from '#core/agents/budget.ts';
import type { Block, Message, Model, Reply, ToolResult, ToolUse } from '#core/agents/model.ts';
import { ROLES } from '#core/agents/roles.ts';
import { ENGINEER_TOOLS, tell } from '#core/agents/tools.ts';
import { Fault } from '#core/fault.ts';
import type { Handover } from '#core/runs/run.ts';
import type { UseTool } from './tools.ts';

export interface Work {
  model: Model;
  system: string;
  brief: string;
  useTool: UseTool;
  /** Nano-dollars that this conversation may cost. */
  budget: number;
  /** Before a tool is used: the step's number, and what it does in words. */
  onStep: (step: number, doing: string) => Promise<void>;
  onProgress: () => void;
  /** Every message as it becomes part of the conversation, for the record. */
  onMessage: (message: Message) => void;
  signal: AbortSignal;
}

/** `stopped` says why there is no handover, for a person. */
export type Ending = { handover: Handover } | { stopped: string };

const UNREACHABLE = 10 * 60_000;

interface State {
  messages: Message[];
  spent: number;
  observe: ReturnType<typeof breaker>;
}

/** Lets the engineer work until it hands over, or until something says that it will not. Messages are only ever appended. */
export async function engage(work: Work): Promise<Ending> {
  const state: State = { messages: [], spent: 0, observe: breaker() };
  append(work, state, { role: 'user', content: [{ type: 'text', text: work.brief }] });
  for (let step = 1; step <= ROLES.engineer.maxSteps; step++) {
    const reply = await nextReply(work, state);
    if ('stopped' in reply) return reply;
    const ending = await respond(work, state, { reply, step });
    if (ending) return ending;
  }
  return { stopped: `It did not get to an end in ${ROLES.engineer.maxSteps} steps` };
}

function append({ onMessage }: Work, { messages }: State, message: Message): void {
  messages.push(message);
  onMessage(message);
}

async function nextReply(work: Work, state: State): Promise<Reply | { stopped: string }> {
  const prompt = { system: work.system, tools: ENGINEER_TOOLS, messages: state.messages };
  try {
    const left = Math.min(work.budget, ROLES.engineer.maxNanoUsd) - state.spent;
    const maxTokens = allowance(left, prompt, { role: ROLES.engineer, at: new Date() });
    const reply = await patiently(work, () =>
      work.model.converse({
        role: 'engineer',
        ...prompt,
        maxTokens,
        signal: work.signal,
        onProgress: work.onProgress,
      }),
    );
    state.spent += reply.nanoUsd;
    return reply;
  } catch (error) {
    if (work.signal.aborted || !(error instanceof Fault)) throw error;
    return { stopped: error.message };
  }
}

/** A model that cannot be reached is asked again for some minutes: nothing was lost yet. */
async function patiently(work: Work, ask: () => Promise<Reply>): Promise<Reply> {
  const until = Date.now() + UNREACHABLE;
  for (let wait = 1_000; ; wait = Math.min(wait * 2, 30_000)) {
    try {
      return await ask();
    } catch (error) {
      const passes = error instanceof Fault && error.code === 'Unavailable' && Date.now() < until;
      if (!passes || work.signal.aborted) throw error;
      work.onProgress();
      await sleep(wait, undefined, { signal: work.signal });
    }
  }
}

async function respond(
  work: Work,
  state: State,
  { reply, step }: { reply: Reply; step: number },
): Promise<Ending | undefined> {
  const { stop, content } = reply;
  if (stop === 'refusal') return { stopped: 'The model declined to work on this' };
  if (stop === 'model_context_window_exceeded')
    return { stopped: 'The conversation has become too long for the model' };
  if (stop === 'unknown') return { stopped: 'The model stopped for a reason that is not known here' };
  if (content.length === 0) return { stopped: `The model answered nothing (${stop})` };
  append(work, state, { role: 'assistant', content });
  const calls = content.filter(isToolUse);
  if (calls.length > 0) return useTools(work, state, { calls, step, cut: stop !== 'tool_use' });
  return remind(work, state, reply);
}

function isToolUse(block: Block): block is ToolUse {
  return block.type === 'tool_use';
}

interface Calls {
  calls: ToolUse[];
  step: number;
  /** The answer ended early, so that its calls may be incomplete. */
  cut: boolean;
}

/** One after the other: they share one work tree. */
async function useTools(work: Work, state: State, { calls, step, cut }: Calls): Promise<Ending | undefined> {
  const results: ToolResult[] = [];
  for (const call of calls) {
    if (cut) {
      results.push(
        resultOf(
          call,
          'Your answer was cut off here, so this call was not made. Make it again, smaller.',
          true,
        ),
      );
      continue;
    }
    work.signal.throwIfAborted();
    await work.onStep(step, tell(call.name, call.input));
    const { text, isError = false, handover, facts } = await work.useTool(call.name, call.input);
    work.onProgress();
    if (handover) return { handover };
    const { name: tool, input } = call;
    const { stop, nudge } = state.observe({ tool, input, result: text, isError, ...facts });
    if (stop) return { stopped: stop };
    results.push(resultOf(call, nudge ? `${text}\n\n${nudge}` : text, isError));
  }
  append(work, state, { role: 'user', content: results });
  return undefined;
}

function resultOf({ id }: ToolUse, text: string, isError: boolean): ToolResult {
  return {
    type: 'tool_result',
    tool_use_id: id,
    content: text || '(nothing)',
    ...(isError && { is_error: true }),
  };
}

function remind(work: Work, state: State, { stop, content }: Reply): Ending | undefined {
  if (stop === 'pause_turn') return undefined;
  const verdict = state.observe({ result: JSON.stringify(content) });
  if (verdict.stop) return { stopped: verdict.stop };
  const text =
    stop === 'max_tokens'
      ? 'Your answer was cut off. Go on in smaller steps.'
      : (verdict.nudge ?? 'Go on with the tools. When the change is done and verified, call finish.');
  append(work, state, { role: 'user', content: [{ type: 'text', text }] });
  return undefined;
}
