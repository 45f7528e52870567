import type { Approval } from './approval.ts';
import type { PlanPayload } from './plan.ts';

/** An approval as the API tells it to people of the organization: no salt, no sets, no chain. */
export function approvalView(approval: Approval, payload?: PlanPayload) {
  return {
    action_id: approval.id,
    type: approval.type,
    headline: approval.headline,
    ticket_id: approval.ticketId,
    run_id: approval.runId,
    status: approval.status,
    mode: 'require_approval',
    risk: approval.risk,
    rule: approval.rule,
    revision: approval.revision,
    payload_hash: approval.payloadHash,
    requested_by: approval.requester,
    requested_at: approval.requestedAt,
    expires_at: approval.expiresAt,
    approvers: approval.approvers.map(({ email }) => email),
    ...(approval.decision && {
      decision: {
        id: approval.decision.id,
        verdict: approval.decision.verdict,
        by: decidedBy(approval),
        at: approval.decidedAt,
        channel: approval.decision.channel,
        reason: approval.decision.reason,
      },
    }),
    ...(payload && { payload }),
  };
}

/** Address of who decided, for people. */
export function decidedBy({ approvers, decision }: Approval): string | undefined {
  return approvers.find(({ id }) => id === decision?.by)?.email ?? decision?.by;
}
