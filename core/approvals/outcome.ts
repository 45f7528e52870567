import type { Approval } from './approval.ts';
import { decidedBy, nameOf } from './view.ts';

/** How a request stands, in a line for whoever was asked: who decided, and when. */
export function outcome(approval: Approval): string {
  const { status, decision, decidedAt = '', expiresAt } = approval;
  if (decision) {
    const verdict = decision.verdict === 'approve' ? 'Approved' : 'Declined';
    const reason = decision.reason && `: ${decision.reason}`;
    return `${verdict} by ${decidedBy(approval)} on ${stamp(decidedAt)}${reason}`;
  }
  if (status === 'PENDING') return soFar(approval);
  if (status === 'EXPIRED') return `Nobody decided by ${stamp(expiresAt)}; no answer means no`;
  if (status === 'CANCELLED') return `The run that asked ended on ${stamp(decidedAt)}; nothing is done`;
  return `It was ${status.toLowerCase().replaceAll('_', ' ')} on ${stamp(decidedAt)}; nothing is done`;
}

function soFar(approval: Approval): string {
  const { votes, quorum } = approval;
  if (votes.length === 0) return 'Nobody has decided yet';
  const names = votes.map(({ by }) => nameOf(approval, by)).join(', ');
  return `${votes.length} of ${quorum} agree so far: ${names}`;
}

/** `2026-11-21 10:00 UTC` */
export function stamp(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
