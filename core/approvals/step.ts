import { commit, type LedgerEntry, type Sealed, seal } from '../ledger.ts';
import type { Approval } from './approval.ts';

/** A change of an approval with the ledger entry that must be written in the same transaction. */
export interface Step {
  next: Approval;
  sealed: Sealed;
}

type Happening = Pick<LedgerEntry, 'type' | 'at' | 'actor'> & Partial<LedgerEntry>;

/** One change of an approval, with the entry that tells of it. */
export function step(approval: Approval, change: Partial<Approval>, happening: Happening): Step {
  const sealed = sealFor(approval, approval.ledgerSeq + 1, happening);
  const next = {
    ...approval,
    ...change,
    ...(approval.status === 'PENDING' &&
      change.status &&
      change.status !== 'PENDING' && { settledBy: { seq: sealed.seq, hash: sealed.hash } }),
    version: approval.version + 1,
    ledgerSeq: sealed.seq,
    ledgerHead: sealed.hash,
  };
  return { next, sealed };
}

/** The entry that tells of something that happened to an approval, at its place in the chain. */
export function sealFor(approval: Approval, seq: number, happening: Happening): Sealed {
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
