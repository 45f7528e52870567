import type * as z from 'zod';
import { canonical, hashOf } from '../canonical.ts';
import { CHAIN_START } from '../ledger.ts';
import { Approval } from './approval.ts';
import { type Step, sealFor } from './step.ts';

type Made =
  | 'status'
  | 'version'
  | 'resume'
  | 'ledgerSeq'
  | 'ledgerHead'
  | 'decision'
  | 'votes'
  | 'ticks'
  | 'lease'
  | 'rejections';
/** A question as it is asked; what follows from it is left out. */
export type Question = Omit<z.input<typeof Approval>, Made>;

/** A new question, with the first entry of its chain. What policy lets through or denies is settled from the start. */
export function proposed(question: Question, auth: 'agent' | 'key' | 'session' = 'agent'): Step {
  const at = question.requestedAt;
  const base = Approval.parse({
    ...question,
    ...byPolicy(question),
    resume: 'NONE',
    version: 1,
    ledgerSeq: 1,
    ledgerHead: CHAIN_START,
  });
  const sealed = sealFor(base, 1, {
    type: 'PROPOSED',
    at,
    actor: { principal: question.requester, auth },
    mode: base.mode,
    factsHash: hashOf(canonical(base.facts)),
  });
  const settledBy = base.status === 'PENDING' ? undefined : { seq: sealed.seq, hash: sealed.hash };
  return { next: { ...base, ledgerHead: sealed.hash, ...(settledBy && { settledBy }) }, sealed };
}

function byPolicy({ mode, id, requestedAt }: Question) {
  if (mode === 'deny') return { status: 'DENIED_BY_POLICY', decidedAt: requestedAt };
  if (mode !== 'auto') return { status: 'PENDING' };
  const decision = { verdict: 'approve', by: 'policy', channel: 'policy', auth: 'policy', reason: '' };
  return { status: 'APPROVED', decision: { id: `dec_${id.slice(4)}`, ...decision }, decidedAt: requestedAt };
}
