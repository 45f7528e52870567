import type { Clock, Machines, Runs } from '../ports.ts';
import { type Approval, isOver } from './approval.ts';
import { ended } from './decide.ts';
import type { Approvals, Waits } from './ports.ts';

export interface DispatchNeeds {
  approvals: Approvals;
  waits: Waits;
  machines: Pick<Machines, 'succeed'>;
}

/**
 * Wakes the machine that waits for a settled approval, as often as it takes: only the machine's own step marks it as
 * heard. Does nothing before the machine has registered its token; registering calls this again.
 */
export async function wake(org: string, approvalId: string, needs: DispatchNeeds): Promise<boolean> {
  const approval = await needs.approvals.find(org, approvalId);
  if (approval?.resume !== 'PENDING') return false;
  const wait = await needs.waits.find(org, approvalId);
  if (!wait) return false;
  return needs.machines.succeed(wait.token, { decisionId: approval.decision?.id ?? approval.status });
}

/** Milliseconds after which a decision that its machine has not heard of is sent again. */
const PATIENCE = 30_000;
/** Milliseconds that a machine has to expire its own question before the sweep does. */
const GRACE = 10 * 60_000;
/** Milliseconds after which a machine that has not heard is given up on: its execution is gone. */
const LOST = 24 * 3600_000;

interface SweepNeeds extends DispatchNeeds {
  runs: Runs;
  clock: Clock;
}

/** Repairs what was lost between a decision and its machine, and closes questions that nobody waits for any more. */
export async function sweep(needs: SweepNeeds): Promise<void> {
  const now = needs.clock.now();
  for (const approval of await needs.approvals.unheard()) await remind(approval, now, needs);
  for (const approval of await needs.approvals.pending()) await close(approval, now, needs);
}

async function remind(approval: Approval, now: Date, needs: SweepNeeds): Promise<void> {
  const age = now.getTime() - Date.parse(approval.decidedAt ?? approval.requestedAt);
  if (age < PATIENCE) return;
  const isAwake = await wake(approval.org, approval.id, needs);
  if (!isAwake && age > LOST) await needs.approvals.orphan(approval);
}

async function close(approval: Approval, now: Date, { approvals, runs }: SweepNeeds): Promise<void> {
  if (isOver(approval, new Date(now.getTime() - GRACE))) {
    await approvals.take(approval, ended(approval, 'EXPIRED', now.toISOString()));
    return;
  }
  const run = approval.runId ? await runs.find(approval.org, approval.runId) : undefined;
  if (run && run.status !== 'running') {
    await approvals.take(approval, ended(approval, 'CANCELLED', now.toISOString()));
  }
}
