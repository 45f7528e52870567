import * as z from 'zod/mini';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { githubForge } from '#adapters/github/forge.ts';
import { Fault } from '#core/fault.ts';
import type { Clock, Forge, Notices, Projects, PullRequest, Runs, Tickets } from '#core/ports.ts';
import { type Repository, repositoryNamed } from '#core/projects/project.ts';
import { audience, OPEN, ticketUrl } from '#core/runs/conclude.ts';
import { progress } from '#core/runs/progress.ts';
import { pullRequestBody, pullRequestTitle, reviewReply } from '#core/runs/pull-request.ts';
import { type Run, runId } from '#core/runs/run.ts';
import { OpenPullRequest, type RunRef } from '#core/runs/steps.ts';
import { cut, oneLine } from '#core/tickets/text.ts';
import { isFinal, type Ticket } from '#core/tickets/ticket.ts';
import { task } from '../task.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  RUNS_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  NOTICES_TABLE: z.string(),
  FORGE_SECRET_ARN: z.string(),
  PUBLIC_URL: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  tickets: Tickets;
  runs: Runs;
  projects: Projects;
  notices: Notices;
  forgeOf: (repository: Repository) => Promise<Forge>;
  clock: Clock;
  publicUrl: string;
}

/** Opens the pull request of a verified branch, or finds the one that it has, and hands the ticket to its reviewers. */
export function opening(needs: Needs) {
  return async (ref: RunRef): Promise<z.infer<typeof OpenPullRequest.output>> => {
    const { ticket, run, earlier, branch, verified, repository } = await subject(ref, needs);
    if (ticket.pullRequest && !OPEN.includes(ticket.status)) return finished(ticket, ref, needs);
    if (isFinal(ticket.status)) throw new Fault('Conflict', `The ticket is ${ticket.status} already`);
    const forge = await needs.forgeOf(repository);
    if ((await forge.head(branch)) !== verified)
      throw new Fault('Conflict', `The branch ${branch} holds other commits than those that were verified`);
    const body = pullRequestBody({ ticket, run, earlier }, needs.publicUrl);
    const opened = await forge.openPullRequest({
      branch,
      base: repository.defaultBranch,
      title: pullRequestTitle(ticket),
      body,
    });
    if (run.review) await answer(forge, opened, { run, body });
    const { ticket: now } = await needs.tickets.advance(ref.org, ref.ticketId, OPEN, {
      status: opened.state === 'merged' ? 'merged' : 'in_review',
      pullRequest: linkOf(opened, repository, branch),
    });
    return finished(now, ref, needs);
  };
}

/** The evidence of a pull request that was reviewed is that of its newest commit, and its reviewers hear what was done. */
async function answer(
  forge: Forge,
  { number }: PullRequest,
  { run, body }: { run: Run; body: string },
): Promise<void> {
  await forge.describe(number, body);
  await forge.reply(number, { id: run.id, body: reviewReply(run) });
}

interface Subject {
  ticket: Ticket;
  run: Run;
  /** Those before it whose change is in the pull request. */
  earlier: Run[];
  branch: string;
  verified: string;
  repository: Repository;
}

async function subject({ org, ticketId, runId }: RunRef, needs: Needs): Promise<Subject> {
  const [ticket, run] = await Promise.all([needs.tickets.find(org, ticketId), needs.runs.find(org, runId)]);
  if (!ticket || !run) throw new Fault('NotFound', `There is no ticket ${ticketId} with a run ${runId}`);
  const where = repositoryNamed(await needs.projects.list(org), ticket.classification?.repository);
  if (!where) throw new Fault('NotFound', 'The repository of this ticket is no longer in any project');
  const { verification, branch } = run;
  if (verification?.verdict !== 'passed' || !branch)
    throw new Fault('Conflict', 'This run has no change that passed verification');
  const earlier = await before(run, needs);
  return { ticket, run, earlier, branch, verified: verification.headSha, repository: where.repository };
}

async function before({ org, ticketId, attempt }: Run, { runs }: Needs): Promise<Run[]> {
  const ids = Array.from({ length: attempt - 1 }, (_, index) => runId(ticketId, index + 1));
  const found = await Promise.all(ids.map((id) => runs.find(org, id)));
  return found.filter(
    (run) => run?.status === 'succeeded' && run.verification?.verdict === 'passed',
  ) as Run[];
}

function linkOf({ url, number, headSha }: PullRequest, { fullName }: Repository, branch: string) {
  return { url, number, repository: fullName, branch, headSha };
}

/** What follows from the pull request; each part may be done twice. */
async function finished(ticket: Ticket, ref: RunRef, needs: Needs): Promise<{ url: string }> {
  const { pullRequest } = ticket;
  if (!pullRequest) throw new Fault('Conflict', `The ticket is ${ticket.status} already`);
  const run = await needs.runs.find(ref.org, ref.runId);
  if (run?.status === 'running') {
    const endedAt = needs.clock.now().toISOString();
    const doing = `platform: pull request #${pullRequest.number} waits for review`;
    await progress(needs, ref, { who: 'platform', stage: 'review' }).say(
      `${run.review ? 'Changed' : 'Opened'} pull request #${pullRequest.number}: ${pullRequest.url}`,
    );
    await needs.runs.update(ref.org, ref.runId, {
      status: 'succeeded',
      stage: 'review',
      percent: 100,
      doing,
      endedAt,
    });
  }
  await tell(ticket, { ...ref, isReview: run?.review !== undefined }, needs);
  return { url: pullRequest.url };
}

async function tell(
  ticket: Ticket,
  { runId, isReview }: RunRef & { isReview: boolean },
  needs: Needs,
): Promise<void> {
  const to = await audience(ticket, needs);
  const { pullRequest } = ticket;
  if (to.length === 0 || !pullRequest) return;
  const title = oneLine(ticket.title, 200);
  await needs.notices.post({
    org: ticket.org,
    id: `pull_request_opened#${runId}`,
    kind: 'pull_request_opened',
    to,
    subject: cut(
      `${oneLine(ticket.externalId, 60)} ${isReview ? 'was changed as reviewed' : 'has a pull request'}: ${title}`,
      150,
    ),
    paragraphs: [
      `A verified change for “${title}” waits for your review${isReview ? ' again' : ''}: ${pullRequest.url}`,
      'Merging it closes the ticket as merged; closing it is recorded too.',
    ],
    facts: [
      { name: 'Repository', value: pullRequest.repository },
      { name: 'Branch', value: pullRequest.branch },
      { name: 'Ticket', value: ticketUrl(needs.publicUrl, ticket.id) },
    ],
    link: { label: `Review pull request #${pullRequest.number}`, url: pullRequest.url },
    ticketId: ticket.id,
    at: ticket.updatedAt,
  });
}

export const handler = task(OpenPullRequest, Env, async (env) =>
  opening({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    runs: dynamoRuns(env.RUNS_TABLE),
    projects: dynamoProjects(env.PROJECTS_TABLE),
    notices: dynamoNotices(env.NOTICES_TABLE),
    forgeOf: async (repository) => githubForge(repository, await secret(env.FORGE_SECRET_ARN)),
    clock,
    publicUrl: env.PUBLIC_URL,
  }),
);
