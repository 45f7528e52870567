import type { Approval, Approver } from './approval.ts';
import { whyItWaits } from './request.ts';

/** An approval as the API tells it to people of the organization: no salt, and nothing that is kept only to decide by. Names whoever `everybody` knows. */
export function approvalView(approval: Approval, payload?: object, everybody: readonly Approver[] = []) {
  const known = knowing(approval, everybody);
  return {
    action_id: approval.id,
    type: approval.type,
    headline: approval.headline,
    ticket_id: approval.ticketId,
    run_id: approval.runId,
    status: approval.status,
    mode: approval.mode,
    risk: approval.risk,
    rule: approval.rule,
    over: approval.over,
    facts: approval.facts,
    quorum: approval.quorum,
    votes: approval.votes.map(({ by, onBehalfOf, channel, auth, at }) => ({
      ...{ by: nameOf(known, by), channel, auth, at },
      ...(onBehalfOf && { on_behalf_of: nameOf(known, onBehalfOf) }),
    })),
    ways: approval.auths,
    modifiable: approval.modifiable,
    revision: approval.revision,
    payload_hash: approval.payloadHash,
    requested_by: approval.requesterName ?? nameOf(known, approval.requester),
    requested_at: approval.requestedAt,
    expires_at: approval.expiresAt,
    first_viewed_at: approval.firstViewedAt,
    decided_at: approval.decidedAt,
    claim: approval.claim,
    ledger: { entries: approval.ledgerSeq, head: approval.ledgerHead, settled_by: approval.settledBy },
    approvers: approval.approvers.map(({ email }) => email),
    ...(approval.decision && {
      decision: {
        id: approval.decision.id,
        verdict: approval.decision.verdict,
        by: decidedBy(known),
        at: approval.decidedAt,
        channel: approval.decision.channel,
        reason: approval.decision.reason,
      },
    }),
    ...(payload && { payload }),
  };
}

/** An approval in a list: enough to choose which to look at. Names whoever `everybody` knows. */
export function approvalEntry(approval: Approval, everybody: readonly Approver[], mayDecide: boolean) {
  const { id, type, headline, ticketId, runId, status, mode, risk, rule, over, quorum, auths } = approval;
  const { requestedAt, expiresAt, firstViewedAt, decidedAt, decision, approvers } = approval;
  const known = knowing(approval, everybody);
  return {
    ...{ id, type, headline, ticketId, runId, status, mode, risk, rule, over, quorum },
    why: whyItWaits(approval),
    requestedBy: approval.requesterName ?? nameOf(known, approval.requester),
    asked: approvers.map(({ email }) => email),
    votes: approval.votes.map(({ by, channel, at }) => ({ by: nameOf(known, by), channel, at })),
    takesPasskey: !auths.includes('session'),
    mayDecide,
    ...{ requestedAt, expiresAt, firstViewedAt, decidedAt },
    ...(decision && {
      decision: {
        verdict: decision.verdict,
        by: decidedBy(known),
        channel: decision.channel,
        reason: decision.reason,
      },
    }),
  };
}

export type ApprovalEntry = ReturnType<typeof approvalEntry>;

/** The approval as far as names go: a stand-in was not asked, and whoever proposes may be a person. */
export function knowing(approval: Approval, everybody: readonly Approver[]): Approval {
  return { ...approval, approvers: [...approval.approvers, ...everybody] };
}

/** Address of who decided, for people. */
export function decidedBy(approval: Approval): string | undefined {
  const { decision } = approval;
  if (!decision) return undefined;
  const by = nameOf(approval, decision.by);
  return decision.onBehalfOf ? `${by} for ${nameOf(approval, decision.onBehalfOf)}` : by;
}

/** Address of a person who was asked; the id of anybody else. */
export function nameOf({ approvers }: Approval, id: string): string {
  return approvers.find((one) => one.id === id)?.email ?? id;
}
