import type { Machines } from '../ports.ts';
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
