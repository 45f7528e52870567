import type { Message as Answer } from '@anthropic-ai/sdk/resources/messages';
import * as z from 'zod';
import type { Block, Message, Model, Question, Reply, Stop, Turn } from '#core/agents/model.ts';
import { affordable, atListPrice, PRICE_VERSION, price, type Usage, worstCase } from '#core/agents/prices.ts';
import { ROLES, type Role } from '#core/agents/roles.ts';
import { jsonSchema } from '#core/agents/schema.ts';
import { Fault } from '#core/fault.ts';
import type { Clock } from '#core/ports.ts';
import type { CostRow } from '#core/runs/run.ts';
import { type Access, type Call, messagesClient, type Send } from './client.ts';
import { brokeOff, fault } from './faults.ts';
import type { Attempt } from './meter.ts';
import { type Draft, requestOf } from './request.ts';

export interface ModelOptions extends Access {
  clock: Clock;
  /** Keeps a cost row; called for every HTTP attempt before the call it belongs to ends. */
  spend: (row: CostRow) => Promise<void>;
}

/** Times that a turn is sent again after its stream broke off or stalled. */
const REPEATS = 2;
const REPAIRS = 2;

type Completed = { answer: Answer; nanoUsd: number };
type Speak = (draft: Draft, call?: Partial<Call>) => Promise<Completed>;

/** The model port over the Messages API. Cheap to make: one per run, so that every row lands on that run. */
export function anthropicModel(options: ModelOptions): Model {
  const send = messagesClient(options);
  const speak: Speak = (draft, call) => speakOnce(send, options, { draft, call });
  return {
    ask: (question) => ask(speak, options.clock, question),
    converse: (turn) => converse(speak, turn),
  };
}

async function converse(speak: Speak, turn: Turn): Promise<Reply> {
  const { answer, nanoUsd } = await speak(turn, { signal: turn.signal, onProgress: turn.onProgress });
  return { content: answer.content as unknown as Block[], stop: stopOf(answer), nanoUsd };
}

async function ask<T>(speak: Speak, clock: Clock, { role, system, user, schema }: Question<T>): Promise<T> {
  const messages: Message[] = [{ role: 'user', content: [{ type: 'text', text: user }] }];
  const form = jsonSchema(schema);
  const maxTokens = withinBudget(role, clock.now(), { system, user, form });
  for (let repair = 0; ; repair++) {
    const { answer } = await speak({ role, system, messages, maxTokens, schema: form });
    const checked = check(schema, answer);
    if ('data' in checked) return checked.data;
    if (repair === REPAIRS) throw new Fault('Invalid', `The model gave no usable answer: ${checked.problem}`);
    messages.push({ role: 'assistant', content: answer.content as unknown as Block[] });
    messages.push({ role: 'user', content: [{ type: 'text', text: repairOf(checked.problem) }] });
  }
}

function repairOf(problem: string): string {
  return `That answer cannot be used:\n${problem}\nAnswer again, as JSON of the same schema.`;
}

function withinBudget(role: Role, at: Date, prompt: object): number {
  const { model, maxTokens, maxNanoUsd } = ROLES[role];
  const tokens = Math.min(
    maxTokens,
    affordable(maxNanoUsd, JSON.stringify(prompt).length / 3, { model, at }),
  );
  if (tokens < 500) throw new Fault('OverBudget', 'The question is longer than its budget allows');
  return tokens;
}

function check<T>(schema: z.ZodType<T>, answer: Answer): { data: T } | { problem: string } {
  const text = answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  const stop = stopOf(answer);
  if (stop === 'refusal') throw new Fault('Invalid', 'The model declined to answer');
  if (text === '') throw new Fault('Invalid', `The model answered nothing (${stop})`);
  if (stop !== 'end_turn') return { problem: `it stopped early (${stop}); be shorter` };
  try {
    const { success, data, error } = schema.safeParse(JSON.parse(text));
    return success ? { data } : { problem: z.prettifyError(error) };
  } catch (error) {
    return { problem: `it is not JSON: ${(error as Error).message}` };
  }
}

async function speakOnce(
  send: Send,
  { clock, spend }: ModelOptions,
  { draft, call }: { draft: Draft; call?: Partial<Call> },
): Promise<Completed> {
  const { model, turnSeconds } = ROLES[draft.role];
  worstCase(0, 0, { model, at: clock.now() });
  let nanoUsd = 0;
  const onAttempt = async (attempt: Attempt) => {
    const row = costRow(attempt, draft.role, clock.now());
    nanoUsd += row.nanoUsd;
    await spend(row);
  };
  for (let repeat = 0; ; repeat++) {
    try {
      const answer = await send(requestOf(draft), { turnSeconds, ...call, onAttempt });
      price(answer.usage as Usage, model, clock.now());
      return { answer, nanoUsd };
    } catch (error) {
      const reason = fault(error);
      if (repeat === REPEATS || !brokeOff(error)) throw reason;
    }
  }
}

function costRow({ id, number, usage, final }: Attempt, role: Role, at: Date): CostRow {
  const { model } = ROLES[role];
  return {
    id: `${id}#${number}`,
    at: at.toISOString(),
    role,
    model,
    attempt: number,
    inputTokens: usage.input_tokens,
    outputTokens: usage.output_tokens,
    cacheReadTokens: usage.cache_read_input_tokens ?? 0,
    cacheWriteTokens: usage.cache_creation_input_tokens ?? 0,
    nanoUsd: atListPrice(usage, model, at),
    priceVersion: PRICE_VERSION,
    status: final ? 'settled' : 'estimated',
  };
}

function stopOf({ stop_reason: reason }: Answer): Stop {
  switch (reason) {
    case 'end_turn':
    case 'max_tokens':
    case 'stop_sequence':
    case 'tool_use':
    case 'pause_turn':
    case 'refusal':
    case 'model_context_window_exceeded':
      return reason;
    default:
      return 'unknown';
  }
}
