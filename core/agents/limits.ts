import type { Conversation } from './conversation.ts';
import type { AgentLimits } from './roles.ts';

/** One thing that a conversation may use only so much of. */
export interface Limit {
  used: number;
  most: number;
  unit: string;
  /** Whether a call can use it up, so that it is looked at before each of them too, and not before each question alone. */
  byCalls?: true;
}

/** What an agent may use in all, and has used: its work ends with what there is when any is used up. */
export function limitsOf(
  { answers, spent, tokens, used }: Conversation,
  role: AgentLimits,
  { budget, seconds }: { budget: number; seconds: number },
): Limit[] {
  return [
    { used: answers, most: role.maxSteps, unit: 'steps' },
    { used: spent / 1e9, most: Math.min(role.maxNanoUsd, budget) / 1e9, unit: 'USD' },
    { used: tokens, most: role.maxTotalTokens, unit: 'tokens' },
    { used: seconds, most: role.maxSeconds, unit: 'seconds', byCalls: true },
    { used: used.seconds, most: role.maxHelperSeconds, unit: 'seconds of tools', byCalls: true },
    { used: used.sent, most: role.maxSentBytes, unit: 'bytes sent', byCalls: true },
    { used: used.received, most: role.maxReceivedBytes, unit: 'bytes received', byCalls: true },
  ];
}

/** Why the work ends, in words for people; nothing while every limit has something left. */
export function exceeded(limits: readonly Limit[]): string | undefined {
  const over = limits.find(({ used, most }) => used >= most);
  return over && `It has used up its ${figure(over.most)} ${over.unit}`;
}

const WARNINGS = [0.5, 0.25, 0.1];

/** How many of the warnings (half, a quarter and a tenth left) are due, and what is left where it is half or less. */
export function leftOf(limits: readonly Limit[]): { due: number; words: string } {
  const shares = limits.map(({ used, most }) => 1 - used / most);
  const due = WARNINGS.filter((share) => Math.min(...shares) <= share).length;
  const scarce = limits.filter((_, at) => (shares[at] ?? 1) <= (WARNINGS[0] ?? 0));
  return { due, words: scarce.map(({ used, most, unit }) => `${figure(most - used)} ${unit}`).join(', ') };
}

/** `12 of 60 steps`, for every limit. */
export function usedOf(limits: readonly Limit[]): string {
  return limits.map(({ used, most, unit }) => `${figure(used)} of ${figure(most)} ${unit}`).join(', ');
}

function figure(amount: number): string {
  return amount.toLocaleString('en', { maximumFractionDigits: amount < 100 ? 2 : 0 });
}
