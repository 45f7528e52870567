import type { Approval } from './approval.ts';

/** Whether the platform itself does what was approved; anything else is done by whoever proposed it. */
export function isOurs({ type, runId }: Pick<Approval, 'type' | 'runId'>): boolean {
  return ['policy.update', 'policy.unfreeze'].includes(type) && !runId;
}
