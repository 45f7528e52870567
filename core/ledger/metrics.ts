import type { Approval } from '../approvals/approval.ts';
import type { LedgerEntry } from '../ledger.ts';

/** One measurement. Dimensions are few on purpose: each combination of their values is a metric that costs money. */
export interface Metric {
  name: string;
  unit: 'Count' | 'Milliseconds' | 'Seconds' | 'None';
  value: number;
  dimensions?: Record<string, string>;
}

/** What entries do not say of their action. */
export type Subject = Pick<Approval, 'type' | 'risk' | 'mode'>;

/** Milliseconds of thought under which an approval of some risk looks like a rubber stamp. */
export const FAST = 3_000;

/** What the last entry of a chain tells about how people and policy decide. Rates are made of counts where they are read. */
export function metricsOf(chain: readonly LedgerEntry[], subject: Subject): Metric[] {
  const last = chain.at(-1);
  return last ? (MEASURES[last.type]?.(last, chain, subject) ?? []) : [];
}

type Measure = (last: LedgerEntry, chain: readonly LedgerEntry[], subject: Subject) => Metric[];

const MEASURES: Partial<Record<LedgerEntry['type'], Measure>> = {
  PROPOSED: (_last, _chain, { mode, risk }) => [count('auto_vs_hitl_counts', { mode, risk })],
  VIEWED: (last, chain, { risk }) => {
    const isFirst = chain.filter(({ type }) => type === 'VIEWED').length === 1;
    return isFirst ? [between('approval_view_latency_ms', chain[0], last, { risk })] : [];
  },
  DECIDED: decided,
  DECISION_REJECTED: ({ why = 'unknown' }) => [count('approval_rejected_attempts', { reason: why })],
  EXPIRED: (_last, chain) => {
    const reason = chain.some(({ type }) => type === 'VIEWED') ? 'undecided' : 'unseen';
    return [count('approval_expired_count', { reason })];
  },
  RESUMED: (last, chain) => {
    const settled = chain.findLast(({ type }) => SETTLES.includes(type));
    return [between('approval_resume_lag_ms', settled, last, {})];
  },
};

const SETTLES: LedgerEntry['type'][] = ['DECIDED', 'EXPIRED', 'CANCELLED', 'SUPERSEDED', 'INVALIDATED'];

function decided(last: LedgerEntry, chain: readonly LedgerEntry[], { type, risk, mode }: Subject): Metric[] {
  const { decision, channel = 'api' } = last;
  const seen = chain.find((one) => one.type === 'VIEWED');
  const isOverride = decision === 'decline' || chain.some((one) => one.type === 'MODIFIED');
  const began = last.shownAt ? { at: last.shownAt } : seen;
  const thought = began && between('approval_think_ms', began, last, { risk });
  const isFast = thought && thought.value < FAST && decision === 'approve' && risk !== 'low';
  return [
    between('approval_latency_ms', chain[0], last, { mode, risk, channel }),
    count('approval_human_decided_count', { action_type: type, risk }),
    ...(isOverride ? [count('approval_override_count', { action_type: type, risk })] : []),
    ...(thought ? [thought] : []),
    ...(isFast ? [count('approval_fast_approve_count', { risk })] : []),
  ];
}

function count(name: string, dimensions: Record<string, string>): Metric {
  return { name, unit: 'Count', value: 1, dimensions };
}

function between(
  name: string,
  from: Pick<LedgerEntry, 'at'> | undefined,
  to: LedgerEntry,
  dimensions: Record<string, string>,
): Metric {
  const value = Math.max(0, Date.parse(to.at) - Date.parse(from?.at ?? to.at));
  return { name, unit: 'Milliseconds', value, dimensions };
}
