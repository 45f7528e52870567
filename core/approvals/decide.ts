import { hashOf } from '../canonical.ts';
import { commit } from '../ledger.ts';
import { type Approval, type Decision, isOver } from './approval.ts';
import { type Step, step } from './step.ts';

/** One person's decision on what they saw. */
export interface Vote extends Decision {
  /** The delegation that lets `by` stand for `onBehalfOf`; it must hold in the same transaction. */
  delegation?: string | undefined;
  /** A passkey's assertion as JSON, kept with the vote; the ledger holds its SHA-256. */
  assertion?: string | undefined;
  revision: number;
  payloadHash: string;
  /** SHA-256 of the link's id, when it came by a link: the link is used up in the same transaction. */
  linkHash?: string | undefined;
  /** SHA-256 of a single-use form's id: used up in the same transaction. */
  formHash?: string | undefined;
}

/** Why a vote does not count, for people and for programs. */
export interface Refusal {
  error:
    | 'not_eligible'
    | 'step_up_required'
    | 'already_decided'
    | 'changed'
    | 'expired'
    | 'cancelled'
    | 'invalidated'
    | 'link_used'
    | 'link_revoked'
    | 'form_used';
  message: string;
  status?: Approval['status'];
  by?: string | undefined;
  at?: string | undefined;
}

/** Why this vote cannot count now; nothing when it can. The store's condition says the same, this puts it in words. */
export function refusal(approval: Approval, vote: Vote, now: Date): Refusal | undefined {
  if (approval.status !== 'PENDING') return settled(approval);
  if (!mayDecide(approval, vote.by, vote.onBehalfOf)) return notEligible(approval, vote.by);
  if (!approval.auths.includes(vote.auth)) return tooWeak(approval, vote);
  if (approval.revision !== vote.revision || approval.payloadHash !== vote.payloadHash) {
    return { error: 'changed', message: 'The request was changed since you looked; open it again' };
  }
  if (isOver(approval, now)) return expired(approval.expiresAt);
  return undefined;
}

/**
 * Whether a principal is asked, in person or in the place of somebody who is, and neither had a part in asking nor has
 * voted yet: eyes are counted in people.
 */
export function mayDecide(approval: Approval, principal: string, onBehalfOf = principal): boolean {
  const { approvers, conflicts, votes } = approval;
  const people = [principal, onBehalfOf];
  return (
    approvers.some(({ id }) => id === onBehalfOf) &&
    !people.some((person) => conflicts.includes(person)) &&
    !votes.some(({ by, onBehalfOf = by }) => people.includes(by) || people.includes(onBehalfOf))
  );
}

/** Whether a vote repeats one that counts already: answered as done, not as a conflict. */
export function isRepeated({ decision, votes, revision, payloadHash }: Approval, vote: Vote): boolean {
  if (revision !== vote.revision || payloadHash !== vote.payloadHash) return false;
  if (decision?.by === vote.by) return decision.verdict === vote.verdict;
  return vote.verdict === 'approve' && votes.some(({ by }) => by === vote.by);
}

function settled({ status, decision, decidedAt, expiresAt }: Approval): Refusal {
  if (status === 'EXPIRED') return expired(expiresAt);
  if (status === 'CANCELLED') {
    return { error: 'cancelled', message: 'The run that asked has ended', status, at: decidedAt };
  }
  if (status === 'SUPERSEDED') {
    const message = 'The request was changed since you looked: whoever asked has put another in its place';
    return { error: 'changed', message, status, at: decidedAt };
  }
  if (status === 'INVALIDATED') {
    const message = 'The policy has become stricter since this was asked, so it was withdrawn';
    return { error: 'invalidated', message, status, at: decidedAt };
  }
  const message = `It was already ${status.toLowerCase().replaceAll('_', ' ')} on ${decidedAt}`;
  return { error: 'already_decided', message, status, by: decision?.by, at: decidedAt };
}

function expired(expiresAt: string): Refusal {
  return { error: 'expired', message: `The time to decide ended on ${expiresAt}`, at: expiresAt };
}

function notEligible({ conflicts, votes }: Approval, principal: string): Refusal {
  const message = conflicts.includes(principal)
    ? 'You had a part in asking for this, so someone else must decide'
    : votes.some(({ by, onBehalfOf }) => by === principal || onBehalfOf === principal)
      ? 'Your vote counts already; others are still needed'
      : 'You are not one of the people who were asked';
  return { error: 'not_eligible', message };
}

function tooWeak({ risk, auths }: Approval, { auth }: Vote): Refusal {
  const needed = auths.includes('session') ? 'signing in' : 'your passkey';
  return {
    error: 'step_up_required',
    message: `This is of ${risk} risk and takes ${needed}; ${auth} is not enough. Open it on the dashboard`,
  };
}

/** The approval with the vote counted: a no settles it, a yes does once there are as many as the quorum. */
export function decided(approval: Approval, vote: Vote, at: string): Step {
  const { id, verdict, by, onBehalfOf, channel, auth, reason, shownAt } = vote;
  const firstViewedAt = approval.firstViewedAt ?? shownAt;
  const cast = { by, ...(onBehalfOf && { onBehalfOf }), channel, auth, at };
  const votes = verdict === 'approve' ? [...approval.votes, cast] : approval.votes;
  const isSettled = verdict === 'decline' || votes.length >= approval.quorum;
  const settled = {
    status: verdict === 'approve' ? ('APPROVED' as const) : ('DECLINED' as const),
    decision: {
      ...{ id, verdict, by, channel, auth, reason },
      ...(onBehalfOf && { onBehalfOf }),
      ...(shownAt && { shownAt }),
    },
    decidedAt: at,
    resume: waits(approval),
  };
  return step(
    approval,
    { votes, ...(firstViewedAt && { firstViewedAt }), ...(isSettled && settled) },
    {
      type: isSettled ? 'DECIDED' : 'VOTED',
      at,
      actor: { principal: by, auth, ...(onBehalfOf && { onBehalfOf }) },
      channel,
      decision: verdict,
      decisionId: id,
      reasonCommit: commit(approval.salt, reason),
      linkHash: vote.linkHash,
      shownAt,
      assertionHash: vote.assertion && hashOf(vote.assertion),
    },
  );
}

/** Only a run's machine has to hear of an outcome. */
function waits({ runId }: Approval): 'PENDING' | 'NONE' {
  return runId ? 'PENDING' : 'NONE';
}

/** How a question ends that nobody answered: late, withdrawn, replaced, or forbidden by a stricter policy meanwhile. */
export type End = 'EXPIRED' | 'CANCELLED' | 'SUPERSEDED' | 'INVALIDATED';

/** The approval with nobody having decided in time, or with what it asked for gone. */
export function ended(approval: Approval, how: End, at: string, principal = 'system'): Step {
  return step(
    approval,
    { status: how, decidedAt: at, resume: waits(approval) },
    { type: how, at, actor: { principal, auth: 'system' } },
  );
}

/** The approval once the machine that waited has read the outcome. */
export function resumed(approval: Approval, at: string): Step {
  return step(
    approval,
    { resume: 'RESUMED' },
    { type: 'RESUMED', at, actor: { principal: 'system', auth: 'system' } },
  );
}

/** The approval with a try noted that did not count; nothing when the same was noted before, or enough was. */
export function rejected(
  approval: Approval,
  { by, why }: { by: string; why: string },
  at: string,
): Step | undefined {
  const note = `${by} ${why}`;
  if (approval.rejections.includes(note) || approval.rejections.length >= MAX_REJECTIONS) return undefined;
  return step(
    approval,
    { rejections: [...approval.rejections, note] },
    { type: 'DECISION_REJECTED', at, actor: { principal: by, auth: 'system' }, why },
  );
}

const MAX_REJECTIONS = 20;
