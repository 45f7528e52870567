import { CHAIN_START, commit, type LedgerEntry, type Sealed, seal } from '../ledger.ts';
import { type Approval, type Decision, isOver } from './approval.ts';

/** One person's decision on what they saw. */
export interface Vote extends Decision {
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
    | 'already_decided'
    | 'changed'
    | 'expired'
    | 'cancelled'
    | 'link_used'
    | 'link_revoked'
    | 'form_used';
  message: string;
  status?: Approval['status'];
  by?: string | undefined;
  at?: string | undefined;
}

/** A change of an approval with the ledger entry that must be written in the same transaction. */
export interface Step {
  next: Approval;
  sealed: Sealed;
}

/** Why this vote cannot count now; nothing when it can. The store's condition says the same, this puts it in words. */
export function refusal(approval: Approval, vote: Vote, now: Date): Refusal | undefined {
  if (approval.status !== 'PENDING') return settled(approval);
  if (!mayDecide(approval, vote.by)) return notEligible(approval, vote.by);
  if (approval.revision !== vote.revision || approval.payloadHash !== vote.payloadHash) {
    return { error: 'changed', message: 'The request was changed since you looked; open it again' };
  }
  if (isOver(approval, now)) return expired(approval.expiresAt);
  return undefined;
}

/** Whether a principal is asked, and had no part in asking. */
export function mayDecide({ approvers, conflicts }: Approval, principal: string): boolean {
  return approvers.some(({ id }) => id === principal) && !conflicts.includes(principal);
}

/** Whether a vote repeats the decision that already stands: answered as done, not as a conflict. */
export function isRepeated({ decision }: Approval, vote: Vote): boolean {
  return decision?.by === vote.by && decision.verdict === vote.verdict;
}

function settled({ status, decision, decidedAt, expiresAt }: Approval): Refusal {
  if (status === 'EXPIRED') return expired(expiresAt);
  if (status === 'CANCELLED') {
    return { error: 'cancelled', message: 'The run that asked has ended', status, at: decidedAt };
  }
  const message = `It was already ${status.toLowerCase()} on ${decidedAt}`;
  return { error: 'already_decided', message, status, by: decision?.by, at: decidedAt };
}

function expired(expiresAt: string): Refusal {
  return { error: 'expired', message: `The time to decide ended on ${expiresAt}`, at: expiresAt };
}

function notEligible({ conflicts }: Approval, principal: string): Refusal {
  const message = conflicts.includes(principal)
    ? 'You asked for this change, so someone else must decide'
    : 'You are not one of the people who were asked';
  return { error: 'not_eligible', message };
}

/** The approval with the vote counted: with a quorum of one, every vote settles it. */
export function decided(approval: Approval, vote: Vote, at: string): Step {
  const { id, verdict, by, channel, auth, reason } = vote;
  return step(
    approval,
    {
      status: verdict === 'approve' ? 'APPROVED' : 'DECLINED',
      decision: { id, verdict, by, channel, auth, reason },
      decidedAt: at,
      resume: 'PENDING',
    },
    {
      type: 'DECIDED',
      at,
      actor: { principal: by, auth },
      channel,
      decision: verdict,
      decisionId: id,
      reasonCommit: commit(approval.salt, reason),
      linkHash: vote.linkHash,
    },
  );
}

/** The approval with nobody having decided in time, or with the run that asked gone. */
export function ended(approval: Approval, how: 'EXPIRED' | 'CANCELLED', at: string): Step {
  return step(
    approval,
    { status: how, decidedAt: at, resume: 'PENDING' },
    { type: how, at, actor: { principal: 'system', auth: 'system' } },
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

/** The approval whose effect was stopped because what would be done is not what was approved. */
export function blocked(approval: Approval, at: string): Step {
  return step(
    approval,
    { resume: 'RESUMED' },
    { type: 'EXEC_BLOCKED', at, actor: { principal: 'system', auth: 'system' } },
  );
}

type New = Omit<Approval, 'status' | 'version' | 'resume' | 'ledgerSeq' | 'ledgerHead' | 'decision'>;

/** A new question, with the first entry of its chain. */
export function proposed(question: New): Step {
  const base: Approval = {
    ...question,
    status: 'PENDING',
    resume: 'NONE',
    version: 1,
    ledgerSeq: 1,
    ledgerHead: CHAIN_START,
  };
  const sealed = sealFor(base, 1, {
    type: 'PROPOSED',
    at: question.requestedAt,
    actor: { principal: question.requester, auth: 'agent' },
  });
  return { next: { ...base, ledgerHead: sealed.hash }, sealed };
}

type Happening = Pick<LedgerEntry, 'type' | 'at' | 'actor'> & Partial<LedgerEntry>;

function step(approval: Approval, change: Partial<Approval>, happening: Happening): Step {
  const sealed = sealFor(approval, approval.ledgerSeq + 1, happening);
  const next = {
    ...approval,
    ...change,
    ...(change.status && { settledBy: { seq: sealed.seq, hash: sealed.hash } }),
    version: approval.version + 1,
    ledgerSeq: sealed.seq,
    ledgerHead: sealed.hash,
  };
  return { next, sealed };
}

function sealFor(approval: Approval, seq: number, happening: Happening): Sealed {
  return seal({
    v: 1,
    org: approval.org,
    actionId: approval.id,
    seq,
    prev: approval.ledgerHead,
    revision: approval.revision,
    payloadCommit: commit(approval.salt, approval.payloadHash),
    policyHash: approval.policyHash,
    rule: approval.rule,
    ...happening,
  });
}
