import type { Mode, Risk } from '../approvals/approval.ts';
import type { Terms } from './policy.ts';

/** A rule that every organization has. Its own rules can be stricter, and never looser. */
export interface FloorRule {
  id: string;
  action: string;
  mode: Mode;
  risk: Risk;
  approval: Terms;
}

const HOUR = 3600;

/**
 * The platform's own rules. A policy is changed, and a freeze ended, by its author and two others; where there are not three people, by all
 * there are: the one other person, or the author alone, who then proves it with a passkey like every approver of high risk.
 */
export function floor(people: number): FloorRule[] {
  const alone = people <= 1;
  return ['policy.update', 'policy.unfreeze'].map((action) => ({
    id: `platform.${action.replace('.', '_')}`,
    action,
    mode: alone ? 'ask' : 'require_approval',
    risk: 'high',
    approval: {
      groups: ['admins', 'approvers'],
      quorum: people >= 3 ? 2 : 1,
      self_approval: alone,
      channels: ['email', 'web'],
      step_up: 'passkey',
      ttl: 72 * HOUR,
      remind: [24 * HOUR],
      escalate: [],
      hours: 'always',
    },
  }));
}
