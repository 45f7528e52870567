import { Fault } from '../fault.ts';
import type { Approval } from './approval.ts';
import type { Approvals } from './ports.ts';
import { type Step, step } from './step.ts';

/** Somebody who was asked opened a request: by the link in their mail, or signed in. */
export interface Viewing {
  org: string;
  approvalId: string;
  by: string;
  at: string;
  /** Of the link; none for somebody who was signed in. */
  linkHash?: string | undefined;
}

const TRIES = 5;

/** Notes the first view of a request that still waits, once; a later one, and one of what is over, changes nothing. Throws `Unavailable` when it is changed all the time. */
export async function noteView(
  viewing: Viewing,
  { approvals }: { approvals: Pick<Approvals, 'find' | 'take'> },
): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const approval = await approvals.find(viewing.org, viewing.approvalId);
    if (approval?.status !== 'PENDING' || approval.firstViewedAt) return;
    if (await approvals.take(approval, viewed(approval, viewing))) return;
  }
  throw new Fault('Unavailable', 'The approval keeps changing; try again');
}

/** A link alone proves nobody: its view is the system's word. */
function viewed(approval: Approval, { by, at, linkHash }: Viewing): Step {
  return step(
    approval,
    { firstViewedAt: at },
    {
      type: 'VIEWED',
      at,
      actor: { principal: by, auth: linkHash ? 'system' : 'session' },
      channel: linkHash ? 'email' : 'web',
      linkHash,
    },
  );
}
