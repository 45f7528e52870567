import { randomBytes } from 'node:crypto';
import { crockford } from '#core/approvals/approval.ts';
import type { Refusal } from '#core/approvals/decide.ts';

/** HTTP status of each way in which a decision does not count. */
export const REFUSED: Record<Refusal['error'], number> = {
  not_eligible: 403,
  step_up_required: 403,
  already_decided: 409,
  changed: 409,
  link_used: 409,
  link_revoked: 409,
  form_used: 409,
  invalidated: 409,
  expired: 410,
  cancelled: 410,
};

/** `dec_` and 26 characters of chance. */
export function decisionId(): string {
  return `dec_${crockford(randomBytes(17), 26)}`;
}
