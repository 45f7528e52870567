import type { Need, Provider } from './capabilities.ts';
import type { EngineerTool } from './tools.ts';

/** How much a model thinks, least first. */
export const EFFORTS = ['low', 'medium', 'high'] as const;
export type Effort = (typeof EFFORTS)[number];

/** Who asks a model. Closed: prompts, limits and cost rows are told apart by it. */
export type Role = 'triage' | 'lead' | 'engineer';

export interface RoleLimits {
  provider: Provider;
  model: string;
  /** What the model must be able to do there, or the product is not deployed. */
  needs: Need[];
  /** Most tokens that one answer may have, thinking included. */
  maxTokens: number;
  effort: Effort;
  /** Tokens that a conversation is meant for: at 60 % of them it begins anew. */
  window: number;
  /** Whether the model may think first; models that always think must have it. */
  thinks: boolean;
  /** Most model calls in one conversation. */
  maxSteps: number;
  /** Most money for one conversation, in nano-dollars. */
  maxNanoUsd: number;
  /** One call's time from request to last byte, its retries included. */
  turnSeconds: number;
}

/** What the whole work of an agent may use, however many answers, tasks and restarts it takes. */
export interface AgentLimits extends RoleLimits {
  /** What it is offered and may use; without `finish` it never hands anything over. */
  tools: readonly EngineerTool[];
  maxTotalTokens: number;
  /** From its first line to its last, pauses included. Less than the state machine waits for a task. */
  maxSeconds: number;
  /** Of tools at work. */
  maxHelperSeconds: number;
  maxSentBytes: number;
  maxReceivedBytes: number;
}

/** Start values; an offline evaluation should choose them. Model ids stand here and nowhere else. */
export const ROLES: Record<Role, RoleLimits> & { engineer: AgentLimits } = {
  triage: {
    provider: 'anthropic',
    model: 'claude-haiku-5-5',
    needs: [],
    maxTokens: 2_000,
    effort: 'low',
    window: 200_000,
    thinks: false,
    maxSteps: 3,
    maxNanoUsd: 50_000_000,
    turnSeconds: 60,
  },
  lead: {
    provider: 'anthropic',
    model: 'claude-sonnet-5-5',
    needs: [],
    maxTokens: 12_000,
    effort: 'medium',
    window: 200_000,
    thinks: true,
    maxSteps: 3,
    maxNanoUsd: 1_000_000_000,
    turnSeconds: 300,
  },
  engineer: {
    provider: 'anthropic',
    model: 'claude-opus-5-5',
    needs: ['tools', 'thinkingReplay', 'cache'],
    maxTokens: 32_000,
    effort: 'medium',
    window: 200_000,
    thinks: true,
    maxSteps: 60,
    maxNanoUsd: 5_000_000_000,
    turnSeconds: 900,
    tools: ['bash', 'read', 'edit', 'search', 'git', 'verify', 'finish'],
    maxTotalTokens: 8_000_000,
    maxSeconds: 3.5 * 3_600,
    maxHelperSeconds: 2 * 3_600,
    maxSentBytes: 20_000_000,
    maxReceivedBytes: 2_000_000_000,
  },
};

/** A conversation stays with the provider and the model that it began with: nobody else can read its thinking. */
export function routeOf(role: Role, roles: Record<Role, RoleLimits> = ROLES): string {
  const { provider, model } = roles[role];
  return `${provider}/${model}`;
}
