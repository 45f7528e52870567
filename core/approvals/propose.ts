import { Fault } from '../fault.ts';
import type { Identities } from '../people/account.ts';
import { peopleBehind } from '../people/reporter.ts';
import type { Projects, Runs, Tickets } from '../ports.ts';
import type { Project, Repository } from '../projects/project.ts';
import type { Run } from '../runs/run.ts';
import type { RunRef } from '../runs/steps.ts';
import type { Ticket } from '../tickets/ticket.ts';
import { type Approval, approvalId } from './approval.ts';
import { type AskNeeds, ask, TOO_FEW, type Wish } from './ask.ts';
import { planPayload } from './plan.ts';
import { whyItWaits } from './request.ts';

export interface ProposeNeeds extends AskNeeds {
  tickets: Tickets;
  runs: Runs;
  projects: Projects;
  identities: Pick<Identities, 'personOf'>;
  /** Shortens what policy gives. */
  ttlHours?: number | undefined;
}

export interface Proposal {
  /** `require_approval` is also what waits for the requester alone. */
  mode: 'auto' | 'require_approval' | 'deny';
  approvalId: string;
  waitSeconds: number;
  reason: string;
}

const PROPOSES = 'agent:lead';

/** Puts a diagnosed ticket's plan before policy, and before people if policy says so. Called again, it completes what was left. */
export async function proposePlan(ref: RunRef, needs: ProposeNeeds): Promise<Proposal> {
  const id = approvalId(ref.org, ref.runId, 'plan');
  const isAsked = await needs.approvals.find(ref.org, id);
  const wish = isAsked ? known(ref, id) : await planWish(ref, id, needs);
  const { approval } = await ask(wish, needs);
  const mode = modeOf(approval);
  if (mode === 'require_approval') await tell(ref, approval, needs);
  const left = Date.parse(approval.expiresAt) - needs.clock.now().getTime();
  const reason = mode === 'deny' ? whyDenied(approval) : '';
  return { mode, approvalId: id, waitSeconds: Math.max(1, Math.ceil(left / 1000)), reason };
}

function whyDenied(approval: Approval): string {
  const hint = approval.rule.endsWith(TOO_FEW)
    ? '. Whoever asked may not decide: add another approver to the project, or allow self-approval there'
    : '';
  return `The policy does not allow this: ${whyItWaits(approval)}${hint}`;
}

function modeOf({ mode }: Approval): Proposal['mode'] {
  return mode === 'ask' ? 'require_approval' : mode;
}

/** What is asked already is taken as it is stored. */
function known({ org, runId, ticketId }: RunRef, id: string): Wish {
  return {
    org,
    id,
    runId,
    ticketId,
    type: 'change_code',
    payload: {},
    requester: PROPOSES,
    party: [],
    auth: 'agent',
  };
}

async function planWish(ref: RunRef, id: string, needs: ProposeNeeds): Promise<Wish> {
  const { ticket, run, project, repository } = await subject(ref, needs);
  return {
    ...known(ref, id),
    payload: planPayload(ticket, run, repository),
    party: project.selfApproval ? [] : await peopleBehind(ticket, needs.identities),
    projectApprovers: project.approvers,
    ttlSeconds: needs.ttlHours && Math.round(needs.ttlHours * 3600),
  };
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
  approval: Approval,
  needs: ProposeNeeds,
): Promise<void> {
  const { approvers, expiresAt, requestedAt, id } = approval;
  await needs.tickets.advance(org, ticketId, ['received', 'triaging', 'diagnosing', 'implementing'], {
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
}
