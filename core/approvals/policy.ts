import * as z from 'zod';
import { canonical, hashOf } from '../canonical.ts';
import { normalEmail, personId } from '../people/person.ts';
import type { Approver } from './approval.ts';

/** What has to happen before an action of a kind. Thin for now: one rule, for code changes. */
export const Policy = z.object({
  version: z.literal(1),
  rule: z.string(),
  action: z.literal('change_code'),
  mode: z.enum(['require_approval']),
  risk: z.enum(['low', 'medium', 'high']),
  quorum: z.literal(1),
  /** Silence for this long means no. */
  ttlSeconds: z
    .int()
    .min(60)
    .max(14 * 24 * 3600),
  /** Whether whoever asked for the change may also approve it: for organizations of one. */
  selfApproval: z.boolean(),
});
export type Policy = z.infer<typeof Policy>;

/** A plan to change code is approved by one of the project's approvers, who did not ask for it. */
export function codeChangePolicy({ ttlHours = 72, selfApproval = false }): Policy {
  return {
    version: 1,
    rule: 'change_code',
    action: 'change_code',
    mode: 'require_approval',
    risk: 'medium',
    quorum: 1,
    ttlSeconds: Math.round(ttlHours * 3600),
    selfApproval,
  };
}

export function policyHash(policy: Policy): string {
  return hashOf(canonical(policy));
}

/** Who may decide, and who may not although they are approvers; `deny` when that leaves nobody. */
export type Judgement =
  | { mode: 'require_approval'; approvers: Approver[]; conflicts: string[] }
  | { mode: 'deny'; reason: string };

interface Asked {
  org: string;
  approvers: readonly string[];
  /** Principal that proposes. */
  requester: string;
  /** Address of the person whose ticket started it, when known. */
  reporter?: string | undefined;
}

/** Applies a policy to one question. Four eyes are counted in people, so an approver's own ticket needs another approver. */
export function judge(policy: Policy, { org, approvers, requester, reporter }: Asked): Judgement {
  const asker = reporter && !policy.selfApproval ? [personId(org, reporter)] : [];
  const conflicts = [requester, ...asker];
  const people = [...new Set(approvers.map(normalEmail))].map((email) => ({
    id: personId(org, email),
    email,
  }));
  const eligible = people.filter(({ id }) => !conflicts.includes(id));
  if (eligible.length > 0) return { mode: 'require_approval', approvers: eligible, conflicts };
  return {
    mode: 'deny',
    reason:
      'Every approver of this project also asked for this change; add another approver to the project, or allow self-approval there',
  };
}
