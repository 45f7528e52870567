import * as z from 'zod';
import type { Approval } from '../approvals/approval.ts';
import { Risk } from '../approvals/approval.ts';
import { mayDecide } from '../approvals/decide.ts';

/** One person's place taken by another for a time. One step deep: a delegate cannot hand it on. */
export const Delegation = z.object({
  org: z.string(),
  /** `del_` and 26 characters. */
  id: z.string(),
  from: z.string(),
  to: z.string(),
  /** Kinds of action: `slack.post_message`, `slack.*` or `*`. */
  action: z.string().regex(/^(\*|[a-z_]+(\.[a-z_]+)*(\.\*)?)$/),
  maxRisk: Risk,
  startsAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
  createdAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().optional(),
});
export type Delegation = z.infer<typeof Delegation>;

/** Longer than any holiday; a place that is handed on for good is a change of who is asked. */
export const MAX_DELEGATION_DAYS = 60;

/** A delegation as the API tells it; people by address where `nameOf` knows one. */
export function delegationView(
  { id, from, to, action, maxRisk, startsAt, endsAt }: Delegation,
  nameOf: (person: string) => string = (person) => person,
) {
  return {
    ...{ id, from: nameOf(from), to: nameOf(to), action, max_risk: maxRisk },
    ...{ starts_at: startsAt, ends_at: endsAt },
  };
}

const RANK = { low: 0, medium: 1, high: 2 };

/** Whether a delegation covers an action of this kind and risk at a moment. */
export function covers(
  { action, maxRisk, startsAt, endsAt, revokedAt }: Delegation,
  { type, risk }: Pick<Approval, 'type' | 'risk'>,
  now: Date,
): boolean {
  const at = now.toISOString();
  const isKind =
    action === '*' || action === type || (action.endsWith('.*') && type.startsWith(action.slice(0, -1)));
  return isKind && RANK[risk] <= RANK[maxRisk] && !revokedAt && startsAt <= at && at < endsAt;
}

/** Whose place a person may take in deciding this: nobody's when they may decide themselves, or when none fits. */
export function placeFor(
  approval: Approval,
  person: string,
  { delegations, now }: { delegations: readonly Delegation[]; now: Date },
): { onBehalfOf: string; delegation: string } | undefined {
  if (approval.approvers.some(({ id }) => id === person)) return undefined;
  const fit = delegations.find(
    (one) => one.to === person && covers(one, approval, now) && mayDecide(approval, person, one.from),
  );
  return fit && { onBehalfOf: fit.from, delegation: fit.id };
}
