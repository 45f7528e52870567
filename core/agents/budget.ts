import { Fault } from '../fault.ts';
import type { Message, Tool } from './model.ts';
import { affordable, requestTokens } from './prices.ts';
import type { RoleLimits } from './roles.ts';

/** Below this an answer is not worth its prompt. */
const USEFUL_TOKENS = 1_000;

export interface Prompt {
  system: string;
  tools: Tool[];
  messages: Message[];
}

/**
 * How long the next answer may be so that even the dearest outcome stays within what is left. Throws `OverBudget`, in
 * words for people, when that is too little to be of use.
 */
export function allowance(
  leftNanoUsd: number,
  prompt: Prompt,
  { role, at }: { role: RoleLimits; at: Date },
): number {
  const tokens = requestTokens({ ...prompt });
  const most = Math.min(role.maxTokens, affordable(leftNanoUsd, tokens, { model: role.model, at }));
  if (most >= USEFUL_TOKENS) return most;
  const left = (Math.max(0, leftNanoUsd) / 1e9).toFixed(2);
  throw new Fault(
    'OverBudget',
    `The budget is used up: ${left} USD are left, which is not enough for another step`,
  );
}
