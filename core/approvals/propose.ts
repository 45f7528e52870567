import { canonical, hashOf } from '../canonical.ts';
import { Fault } from '../fault.ts';
import type { Clock, Notices, Projects, Runs, Tickets } from '../ports.ts';
import type { Project, Repository } from '../projects/project.ts';
import type { Run } from '../runs/run.ts';
import type { RunRef } from '../runs/steps.ts';
import type { Ticket } from '../tickets/ticket.ts';
import { type Approval, approvalId, authsFor } from './approval.ts';
import { proposed } from './decide.ts';
import { planPayload } from './plan.ts';
import { codeChangePolicy, judge, policyHash } from './policy.ts';
import type { Approvals } from './ports.ts';
import { requests } from './request.ts';
import { summarise } from './summary.ts';

export interface ProposeNeeds {
  tickets: Tickets;
  runs: Runs;
  projects: Projects;
  approvals: Approvals;
  notices: Notices;
  clock: Clock;
  ttlHours?: number | undefined;
  /** 32 hex digits, fresh at each call. */
  salt(): string;
}

export type Proposal =
  | { mode: 'require_approval'; approvalId: string; waitSeconds: number; reason: string }
  | { mode: 'deny'; approvalId: string; waitSeconds: number; reason: string };

const PROPOSES = 'agent:lead';

/** Asks the project's approvers for a diagnosed ticket's plan. Called again, it finds its question and completes what was left. */
export async function proposePlan(ref: RunRef, needs: ProposeNeeds): Promise<Proposal> {
  const id = approvalId(ref.org, ref.runId, 'plan');
  const asked = await question(ref, id, needs);
  if ('reason' in asked) return { mode: 'deny', approvalId: id, waitSeconds: 60, reason: asked.reason };
  await tell(ref, asked, needs);
  const left = Date.parse(asked.approval.expiresAt) - needs.clock.now().getTime();
  const waitSeconds = Math.max(1, Math.ceil(left / 1000));
  return { mode: 'require_approval', approvalId: id, waitSeconds, reason: '' };
}

interface Asked {
  approval: Approval;
  payload: string;
}

async function question(ref: RunRef, id: string, needs: ProposeNeeds): Promise<Asked | { reason: string }> {
  const stored = await needs.approvals.find(ref.org, id);
  if (stored) return withPayload(stored, needs);
  const { ticket, run, project, repository } = await subject(ref, needs);
  const policy = codeChangePolicy({ ttlHours: needs.ttlHours, selfApproval: project.selfApproval });
  const judgement = judge(policy, {
    org: ref.org,
    approvers: project.approvers,
    requester: PROPOSES,
    reporter: ticket.reporter.email,
  });
  if (judgement.mode === 'deny') return { reason: judgement.reason };
  const payload = planPayload(ticket, run, repository);
  const text = canonical(payload);
  const now = needs.clock.now();
  const step = proposed({
    ...ref,
    id,
    type: 'change_code',
    headline: summarise('change_code', text).headline,
    mode: policy.mode,
    risk: policy.risk,
    auths: authsFor(policy.risk),
    rule: policy.rule,
    policyHash: policyHash(policy),
    revision: 1,
    payloadHash: hashOf(text),
    requester: PROPOSES,
    conflicts: judgement.conflicts,
    approvers: judgement.approvers,
    quorum: policy.quorum,
    requestedAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + policy.ttlSeconds * 1000).toISOString(),
    salt: needs.salt(),
  });
  return withPayload(await needs.approvals.propose(step, text), needs);
}

async function withPayload(approval: Approval, { approvals }: ProposeNeeds): Promise<Asked> {
  const text = await approvals.payload(approval.org, approval.id, approval.revision);
  if (!text) throw new Fault('NotFound', `The payload of ${approval.id} is gone`);
  return { approval, payload: text };
}

interface Subject {
  ticket: Ticket;
  run: Run;
  project: Project;
  repository: Repository;
}

async function subject({ org, ticketId, runId }: RunRef, needs: ProposeNeeds): Promise<Subject> {
  const [ticket, run] = await Promise.all([needs.tickets.find(org, ticketId), needs.runs.find(org, runId)]);
  if (!ticket || !run) throw new Fault('NotFound', `There is no ticket ${ticketId} with a run ${runId}`);
  const { projectId, repository: name } = ticket.classification ?? {};
  const project = projectId ? await needs.projects.find(org, projectId) : undefined;
  const repository = project?.repositories.find(({ fullName }) => fullName === name);
  if (!project || !repository) {
    throw new Fault('NotFound', `Ticket ${ticketId} names no repository of a known project`);
  }
  return { ticket, run, project, repository };
}

/** Everything after the question is stored can be done twice: it is named after the question. */
async function tell(
  { org, ticketId, runId }: RunRef,
  { approval, payload }: Asked,
  needs: ProposeNeeds,
): Promise<void> {
  const { approvers, expiresAt, requestedAt, id } = approval;
  await needs.tickets.advance(org, ticketId, ['received', 'triaging', 'diagnosing'], {
    status: 'awaiting_approval',
  });
  const asked = approvers.map(({ email }) => email).join(', ');
  const doing = `waiting for ${asked} to decide on the plan`;
  if (approval.status === 'PENDING') {
    await needs.runs.update(org, runId, { stage: 'approval', percent: 40, doing: `lead: ${doing}` });
  }
  await needs.runs.say(org, runId, {
    id: `${requestedAt}#${id}#asked`,
    at: requestedAt,
    stage: 'approval',
    who: 'lead',
    level: 'info',
    text: `Asked ${asked} to approve the plan, until ${expiresAt}`,
  });
  for (const notice of requests(approval, payload)) await needs.notices.post(notice);
}
