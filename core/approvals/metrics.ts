import { FAST } from '../ledger/metrics.ts';
import { type Approval, Mode } from './approval.ts';

/** Milliseconds that something took: half of all, and nine of ten, took no longer. */
export interface Span {
  p50: number;
  p90: number;
  count: number;
}

/** How people and policy decided on some approvals. A share, and a span of nothing, is `null`. */
export interface Measured {
  asked: number;
  modes: Record<Mode, number>;
  /** Settled by people. */
  decided: number;
  declined: number;
  /** Settled by people, not as it was first asked. */
  modified: number;
  /** Declined or modified, of what people settled. */
  overrideRate: number | null;
  /** From the request to the decision, of people. */
  latency: Span | null;
  /** From the request to its first view. */
  untilViewed: Span | null;
  /** From the decider's page, or else from the first view, to the decision. */
  thought: Span | null;
  /** Approvals of medium and high risk that somebody is known to have opened; `share` of them took under three seconds. */
  rubberStamps: { of: number; share: number | null };
  expired: number;
  /** Of the expired: nobody opened it. */
  expiredUnseen: number;
  /** Opened, and over without a decision. */
  viewedUndecided: number;
  rejectedAttempts: number;
}

export interface ApprovalMetrics {
  total: Measured;
  types: (Measured & { type: string })[];
}

/** In total, and for each type of action, the most asked first. */
export function approvalMetrics(approvals: readonly Approval[]): ApprovalMetrics {
  const byType = Map.groupBy(approvals, ({ type }) => type);
  const types = [...byType].map(([type, some]) => ({ type, ...measured(some) }));
  return {
    total: measured(approvals),
    types: types.toSorted((a, b) => b.asked - a.asked || a.type.localeCompare(b.type)),
  };
}

function measured(approvals: readonly Approval[]): Measured {
  const byPeople = approvals.filter(({ decision }) => decision && decision.auth !== 'policy');
  const declined = byPeople.filter(({ decision }) => decision?.verdict === 'decline').length;
  const isModified = ({ revision }: Approval) => revision > 1;
  const isApproved = ({ decision }: Approval) => decision?.verdict === 'approve';
  const overridden = byPeople.filter((one) => isModified(one) || !isApproved(one)).length;
  const expired = approvals.filter(({ status }) => status === 'EXPIRED');
  const stampable = byPeople.filter((one) => one.risk !== 'low' && isApproved(one)).flatMap(thinkTime);
  return {
    asked: approvals.length,
    modes: countModes(approvals),
    decided: byPeople.length,
    declined,
    modified: byPeople.filter(isModified).length,
    overrideRate: share(overridden, byPeople.length),
    latency: span(byPeople.flatMap((one) => between(one.requestedAt, one.decidedAt))),
    untilViewed: span(approvals.flatMap((one) => between(one.requestedAt, one.firstViewedAt))),
    thought: span(byPeople.flatMap(thinkTime)),
    rubberStamps: {
      of: stampable.length,
      share: share(stampable.filter((time) => time < FAST).length, stampable.length),
    },
    expired: expired.length,
    expiredUnseen: expired.filter(({ firstViewedAt }) => !firstViewedAt).length,
    viewedUndecided: approvals.filter(
      ({ firstViewedAt, decidedAt, decision }) => firstViewedAt && decidedAt && !decision,
    ).length,
    rejectedAttempts: approvals.reduce((sum, { rejections }) => sum + rejections.length, 0),
  };
}

function countModes(approvals: readonly Approval[]): Record<Mode, number> {
  const count = (mode: Mode) => approvals.filter((one) => one.mode === mode).length;
  return Object.fromEntries(Mode.options.map((mode) => [mode, count(mode)])) as Record<Mode, number>;
}

/** Since the page that was pressed was made: an earlier view may have been another person's, or a mail scanner's. */
function thinkTime({ decision, decidedAt, firstViewedAt }: Approval): number[] {
  return between(decision?.shownAt ?? firstViewedAt, decidedAt);
}

function between(from: string | undefined, to: string | undefined): number[] {
  return from && to ? [Math.max(0, Date.parse(to) - Date.parse(from))] : [];
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function span(times: readonly number[]): Span | null {
  if (times.length === 0) return null;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.ceil(part * sorted.length) - 1] as number;
  return { p50: at(0.5), p90: at(0.9), count: sorted.length };
}
