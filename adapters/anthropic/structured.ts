import type { Message as Answer } from '@anthropic-ai/sdk/resources/messages';
import * as z from 'zod';
import type { Block, Message, Question } from '#core/agents/model.ts';
import { affordable, tokensOf } from '#core/agents/prices.ts';
import type { Role, RoleLimits } from '#core/agents/roles.ts';
import { jsonSchema } from '#core/agents/schema.ts';
import { Fault } from '#core/fault.ts';
import type { Clock } from '#core/ports.ts';
import type { Speak } from './speak.ts';
import { stopOf } from './stop.ts';

const REPAIRS = 2;

/**
 * One answer of a shape, within the role's money. What it cost is booked before the answer is looked at, and an answer
 * that does not fit is sent back with what is wrong; a tool is never forced for it.
 */
export async function ask<T>(
  speak: Speak,
  { clock, roles }: { clock: Clock; roles: Record<Role, RoleLimits> },
  { role, system, user, schema }: Question<T>,
): Promise<T> {
  const { model, maxTokens: most, maxNanoUsd } = roles[role];
  const messages: Message[] = [{ role: 'user', content: [{ type: 'text', text: user }] }];
  const form = jsonSchema(schema);
  let left = maxNanoUsd;
  for (let repair = 0; ; repair++) {
    const prompt = tokensOf({ system, messages, schema: form });
    const maxTokens = Math.min(most, affordable(left, prompt, { model, at: clock.now() }));
    if (maxTokens < USEFUL_TOKENS)
      throw new Fault('OverBudget', 'The question is longer than its budget allows');
    const { answer, nanoUsd, booked } = await speak({
      ...{ role, system, messages, maxTokens, schema: form, repair },
    });
    await booked;
    left -= nanoUsd;
    const checked = check(schema, answer);
    if ('data' in checked) return checked.data;
    if (repair === REPAIRS) throw new Fault('Invalid', `The model gave no usable answer: ${checked.problem}`);
    messages.push({ role: 'assistant', content: answer.content as unknown as Block[] });
    messages.push({ role: 'user', content: [{ type: 'text', text: repairOf(checked.problem) }] });
  }
}

const USEFUL_TOKENS = 500;

function repairOf(problem: string): string {
  return `That answer cannot be used:\n${problem}\nAnswer again, as JSON of the same schema.`;
}

/** An answer as data, or what is wrong with it. Throws what no second try mends. */
export function check<T>(schema: z.ZodType<T>, answer: Answer): { data: T } | { problem: string } {
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
