import { Fault } from '../fault.ts';
import { commit } from '../ledger.ts';
import type { Approval } from './approval.ts';
import { type Step, step } from './step.ts';

/** Seconds that whoever acts has to say how it went. */
export const LEASE_SECONDS = 900;

/** Why an approval must not be acted on any more, as the ledger names it. */
export type Block = 'hash_mismatch' | 'policy' | 'facts';

/** The moment after which an approval that nobody acts on is worth nothing. */
export function useBy({ decidedAt, useWithin }: Approval): Date {
  return new Date(Date.parse(decidedAt ?? '') + useWithin * 1000);
}

/** Throws, saying what to do, unless the approval may be acted on now, for the first time, by this principal. */
export function refuseUse(approval: Approval, by: string, now: Date): void {
  const { status, requester, runId, lease } = approval;
  if (requester !== by) throw new Fault('Forbidden', 'Only whoever proposed an action may carry it out');
  if (runId) throw new Fault('Conflict', 'The run that asked carries this out itself');
  if (status === 'PENDING') throw new Fault('Conflict', 'Nobody has decided yet; wait for the decision');
  if (status === 'EXECUTING')
    throw new Fault('Conflict', `It is being carried out until ${lease?.until}; report its result instead`);
  if (status !== 'APPROVED') throw new Fault('Conflict', OVER[status] ?? wordsFor(status));
  if (now >= useBy(approval)) throw new Fault('Gone', 'The approval has lapsed; propose it again');
}

/** What whoever comes too late must not do: the same once more. */
const OVER: Partial<Record<Approval['status'], string>> = {
  EXECUTED: 'It was carried out already; do not do it again',
  EXEC_FAILED: 'It was tried and failed; propose it again',
  EXEC_UNKNOWN: 'Nobody said what came of it; a person must look before it is proposed again',
};

function wordsFor(status: Approval['status']): string {
  return `It is ${status.toLowerCase().replaceAll('_', ' ')}; propose it again`;
}

const by = (principal: string) => ({ principal, auth: principal === 'system' ? 'system' : 'agent' }) as const;

/** The approval taken up, once: nobody can take it up again. */
export function executing(approval: Approval, holder: string, now: Date): Step {
  const until = new Date(now.getTime() + LEASE_SECONDS * 1000).toISOString();
  const at = now.toISOString();
  return step(
    approval,
    { status: 'EXECUTING', lease: { holder, until } },
    { type: 'EXECUTING', at, actor: by(approval.requester), decisionId: approval.decision?.id },
  );
}

/** The approval with what came of it; `detail` is committed to, not kept in the ledger. */
export function executed(
  approval: Approval,
  { isDone, detail, at }: { isDone: boolean; detail: string; at: string },
): Step {
  const type = isDone ? 'EXECUTED' : 'EXEC_FAILED';
  const reasonCommit = commit(approval.salt, detail);
  return step(approval, { status: type }, { type, at, actor: by(approval.requester), reasonCommit });
}

/** The approval that must not be acted on, because what would be done is not what was approved. */
export function blocked(approval: Approval, why: Block, at: string): Step {
  return step(
    approval,
    { status: 'EXEC_BLOCKED', ...(approval.runId && { resume: 'RESUMED' as const }) },
    { type: 'EXEC_BLOCKED', at, actor: by('system'), why },
  );
}

/** How an approval ends that was not acted on in time, or of which nobody said what came; nothing before that. */
export function overdue(approval: Approval, now: Date): Step | undefined {
  const at = now.toISOString();
  if (approval.status === 'EXECUTING' && at >= (approval.lease?.until ?? ''))
    return step(approval, { status: 'EXEC_UNKNOWN' }, { type: 'EXEC_UNKNOWN', at, actor: by('system') });
  if (approval.status === 'APPROVED' && !approval.runId && now >= useBy(approval))
    return step(approval, { status: 'LAPSED' }, { type: 'LAPSED', at, actor: by('system') });
  return undefined;
}
