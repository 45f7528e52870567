import type { Spend } from '../agents/spend.ts';
import { Fault } from '../fault.ts';
import type { Clock, Forge, Machines, Notices, Projects, Runs, Tickets } from '../ports.ts';
import { type Repository, repositoryNamed } from '../projects/project.ts';
import { cut, oneLine } from '../tickets/text.ts';
import type { PullRequestLink, Ticket } from '../tickets/ticket.ts';
import { audience, REVIEWABLE, ticketUrl } from './conclude.ts';
import { progress } from './progress.ts';
import { type Ask, askedFor, ROUNDS } from './review.ts';
import { type Run, runId } from './run.ts';

export interface ReopenNeeds {
  tickets: Tickets;
  runs: Runs;
  projects: Projects;
  notices: Notices;
  machines: Pick<Machines, 'start'>;
  machineArn: string;
  forgeOf: (repository: Repository) => Promise<Forge>;
  spend: Pick<Spend, 'caps'>;
  clock: Clock;
  publicUrl: string;
}

interface Subject {
  ticket: Ticket;
  pull: PullRequestLink;
  last: Run;
  forge: Forge;
}

/**
 * Starts the next run of a ticket whose pull request somebody may change and wants changed: its row, then the ticket's
 * mark, then the machine. Called again, it completes what was left; reviews that come meanwhile wait for their turn.
 */
export async function reopen(
  { org, ticketId }: { org: string; ticketId: string },
  needs: ReopenNeeds,
): Promise<void> {
  const ticket = await needs.tickets.find(org, ticketId);
  if (!ticket) throw new Fault('NotFound', `There is no ticket ${ticketId}`);
  const { pullRequest: pull, runId: lastId = '' } = ticket;
  const last = await needs.runs.find(org, lastId);
  if (!pull || !last) return;
  if (!REVIEWABLE.includes(ticket.status))
    return last.review && last.status === 'running' ? start(last, needs) : undefined;
  if (waiting(ticket).length === 0) return;
  const where = repositoryNamed(await needs.projects.list(org), pull.repository);
  if (!where) throw new Fault('NotFound', `The repository ${pull.repository} is no longer in any project`);
  const subject = { ticket, pull, last, forge: await needs.forgeOf(where.repository) };
  if ((last.review?.round ?? 0) >= ROUNDS) return enough(subject, needs);
  const run = await next(subject, needs);
  if (run) await begin(ticket, run, needs);
}

/** The reviews that nobody has dealt with yet. */
function waiting({ reviews = [], reviewed = 0 }: Ticket): string[] {
  return reviews.slice(reviewed);
}

/** The run that answers what waits; nothing when nobody who may change the repository has asked. */
async function next({ ticket, pull, last, forge }: Subject, needs: ReopenNeeds): Promise<Run | undefined> {
  const { org, id: ticketId, reviews = [] } = ticket;
  const id = runId(ticketId, last.attempt + 1);
  const known = await needs.runs.find(org, id);
  if (known) return known;
  const found = await Promise.all(waiting(ticket).map((ref) => heard(forge, pull.number, ref)));
  const asks = found.filter((ask) => ask !== undefined);
  if (asks.length === 0) {
    await needs.tickets.advance(org, ticketId, REVIEWABLE, { reviewed: reviews.length });
    return undefined;
  }
  return needs.runs.open({
    ...{ org, id, ticketId, attempt: last.attempt + 1, status: 'running', stage: 'implementation' },
    ...{ percent: 40, doing: 'platform: reading the review', spentNanoUsd: 0 },
    budgetNanoUsd: (await needs.spend.caps(org)).run,
    repository: pull.repository,
    branch: pull.branch,
    review: { asks, round: (last.review?.round ?? 0) + 1, upTo: reviews.length },
    startedAt: needs.clock.now().toISOString(),
  });
}

async function heard(forge: Forge, number: number, ref: string): Promise<Ask | undefined> {
  const ask = await forge.asked(number, ref);
  const isSilent = !ask?.text.trim() && ask?.remarks.length === 0;
  return ask && !isSilent && (await forge.mayWrite(ask.by)) ? ask : undefined;
}

async function begin({ org, id: ticketId }: Ticket, run: Run, needs: ReopenNeeds): Promise<void> {
  const { review } = run;
  if (!review) throw new Fault('Conflict', `Run ${run.id} is about no review`);
  const change = { status: 'implementing' as const, reason: undefined, runId: run.id, reviewed: review.upTo };
  const { ticket } = await needs.tickets.advance(org, ticketId, REVIEWABLE, change);
  if (ticket.runId !== run.id) return;
  const log = progress(needs, { org, ticketId, runId: run.id }, { who: 'platform', stage: 'implementation' });
  for (const line of askedFor(review.asks)) await log.say(`Asked in the pull request by ${line}`);
  await start(run, needs);
}

async function start({ org, id, ticketId }: Run, { machines, machineArn }: ReopenNeeds): Promise<void> {
  await machines.start(machineArn, id, { org, ticketId, runId: id, isReview: true });
}

/** Says on the pull request, and to the ticket's people, that the next word is a person's. */
async function enough({ ticket, pull, last, forge }: Subject, needs: ReopenNeeds): Promise<void> {
  const { org, id, reviews = [] } = ticket;
  const text = `This pull request was changed ${ROUNDS} times after reviews. I stop here: a person has to take it from where it is.`;
  await forge.reply(pull.number, { id: `${last.id}_enough`, body: text });
  const to = await audience(ticket, needs);
  if (to.length > 0)
    await needs.notices.post({
      ...{ org, id: `reviews_enough#${last.id}`, kind: 'ticket_escalated', to },
      subject: cut(`${oneLine(ticket.externalId, 60)} needs a person: reviewed ${ROUNDS} times`, 150),
      paragraphs: [text],
      facts: [{ name: 'Ticket', value: ticketUrl(needs.publicUrl, id) }],
      link: { label: `Open pull request #${pull.number}`, url: pull.url },
      ...{ ticketId: id, at: ticket.updatedAt },
    });
  await needs.tickets.advance(org, id, REVIEWABLE, { reviewed: reviews.length });
}
