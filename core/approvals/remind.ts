import { atWork } from '../working-hours.ts';
import type { Approval, Approver } from './approval.ts';
import { type Step, step } from './step.ts';

/** Something to be said once nobody has decided for `after` seconds. */
export interface Tick {
  /** Counts from 0; reminders and escalations in one order. */
  number: number;
  at: Date;
  /** Groups that are asked as well; none for a reminder. */
  groups: string[];
}

/** Every tick of a question in order, at working hours where it says so. */
export function ticks({ reminders, escalations, requestedAt, hours, zone }: Approval): Tick[] {
  const start = Date.parse(requestedAt);
  return [...reminders.map((after) => ({ after, groups: [] as string[] })), ...escalations]
    .toSorted((a, b) => a.after - b.after)
    .map(({ after, groups }, number) => {
      const at = new Date(start + after * 1000);
      return { number, at: hours === 'business' ? atWork(at, zone) : at, groups };
    });
}

/** Everything that is due and not done as one tick, so that nobody gets three mails after an outage. */
export function dueTick(approval: Approval, now: Date): Tick | undefined {
  if (approval.status !== 'PENDING') return undefined;
  const due = ticks(approval).filter(({ number, at }) => number >= approval.ticks && at <= now);
  const last = due.at(-1);
  return last && { ...last, groups: [...new Set(due.flatMap(({ groups }) => groups))] };
}

/** The question with a tick done: an escalation asks more people, and takes nobody's vote away. */
export function ticked(
  approval: Approval,
  tick: Tick,
  { added, at }: { added: Approver[]; at: string },
): Step {
  const known = new Set(approval.approvers.map(({ id }) => id));
  const approvers = [...approval.approvers, ...added.filter(({ id }) => !known.has(id))];
  const isMore = tick.groups.length > 0;
  return step(
    approval,
    { ticks: tick.number + 1, approvers, groups: [...new Set([...approval.groups, ...tick.groups])] },
    { type: isMore ? 'ESCALATED' : 'REMINDED', at, actor: { principal: 'system', auth: 'system' } },
  );
}
