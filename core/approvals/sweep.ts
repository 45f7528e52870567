import type { People } from '../people/ports.ts';
import type { Clock, Notices, Runs } from '../ports.ts';
import { type Approval, type Approver, isOver } from './approval.ts';
import { ended } from './decide.ts';
import { type DispatchNeeds, wake } from './dispatch.ts';
import { overdue } from './execute.ts';
import { eligible, present, staffOf } from './people.ts';
import { dueTick, ticked } from './remind.ts';
import { reminders, requests } from './request.ts';

/** Milliseconds after which a decision that its machine has not heard of is sent again. */
const PATIENCE = 30_000;
/** Milliseconds that a machine has to expire its own question before the sweep does. */
const GRACE = 10 * 60_000;
/** Milliseconds after which a machine that has not heard is given up on: its execution is gone. */
const LOST = 24 * 3600_000;

export interface SweepNeeds extends DispatchNeeds {
  runs: Runs;
  people: Pick<People, 'list' | 'delegations'>;
  notices: Notices;
  clock: Clock;
}

/**
 * Everything that time does to approvals: repairs what was lost between a decision and its machine, reminds and asks
 * more people, and ends what nobody waits for, redeems or reports on any more.
 */
export async function sweep(needs: SweepNeeds): Promise<void> {
  const now = needs.clock.now();
  for (const approval of await needs.approvals.unheard()) await remind(approval, now, needs);
  for (const approval of await needs.approvals.unfinished()) await finish(approval, now, needs);
  for (const approval of await needs.approvals.pending())
    if (!(await close(approval, now, needs))) await tick(approval, now, needs);
}

async function remind(approval: Approval, now: Date, needs: SweepNeeds): Promise<void> {
  const age = now.getTime() - Date.parse(approval.decidedAt ?? approval.requestedAt);
  if (age < PATIENCE) return;
  const isAwake = await wake(approval.org, approval.id, needs);
  if (!isAwake && age > LOST) await needs.approvals.orphan(approval);
}

async function finish(approval: Approval, now: Date, { approvals }: SweepNeeds): Promise<void> {
  const end = overdue(approval, now);
  if (end) await approvals.take(approval, end);
}

/** Answers whether the question is over. */
async function close(approval: Approval, now: Date, { approvals, runs }: SweepNeeds): Promise<boolean> {
  const grace = approval.runId ? GRACE : 0;
  if (isOver(approval, new Date(now.getTime() - grace)))
    return approvals.take(approval, ended(approval, 'EXPIRED', now.toISOString()));
  const run = approval.runId ? await runs.find(approval.org, approval.runId) : undefined;
  if (!run || run.status === 'running') return false;
  return approvals.take(approval, ended(approval, 'CANCELLED', now.toISOString()));
}

/** Notices first: said twice is harmless, since each is named after its tick, and never said is not. */
async function tick(approval: Approval, now: Date, needs: SweepNeeds): Promise<void> {
  const due = dueTick(approval, now);
  const payload = due && (await needs.approvals.payload(approval.org, approval.id, approval.revision));
  if (!due || !payload || isOver(approval, now)) return;
  const staff = await staffOf(approval.org, needs.people, now);
  const at = now.toISOString();
  const step = ticked(approval, due, { added: eligible({ ...approval, groups: due.groups }, staff), at });
  const to = present(step.next, staff);
  const isNew = ({ id }: Approver) => !approval.approvers.some((one) => one.id === id);
  const waiting = to.filter((one) => !isNew(one) && !approval.votes.some(({ by }) => by === one.id));
  for (const notice of [
    ...requests(step.next, payload, to.filter(isNew)),
    ...reminders(step.next, payload, { to: waiting, number: due.number, at }),
  ])
    await needs.notices.post(notice);
  await needs.approvals.take(approval, step);
}
