import * as z from 'zod';
import { canonical, hashOf } from '../canonical.ts';
import { Fault } from '../fault.ts';
import { dollars } from '../money.ts';
import type { Repository } from '../projects/project.ts';
import { Ask, askedFor } from '../runs/review.ts';
import type { Run } from '../runs/run.ts';
import { Diagnosis, type Ticket } from '../tickets/ticket.ts';
import { oneLine, visible } from '../visible.ts';
import type { Summary } from './approval.ts';

/**
 * What an approver of a plan approves: everything that the engineer will be given and bound by. The canonical bytes
 * of this are what is hashed, shown, and compared again before anything is done.
 */
export const PlanPayload = z.object({
  type: z.literal('change_code'),
  ticket: z.object({
    id: z.string(),
    source: z.string(),
    externalId: z.string(),
    url: z.string().optional(),
    type: z.string(),
    priority: z.string(),
    reporter: z.string(),
    title: z.string(),
    body: z.string(),
  }),
  repository: z.object({ fullName: z.string(), base: z.string() }),
  diagnosis: Diagnosis,
  /** What people want changed in the pull request that there is already. */
  review: z.array(Ask).optional(),
  /** Nano-dollars. */
  cost: z.object({ spentNanoUsd: z.int(), budgetNanoUsd: z.int() }),
});
export type PlanPayload = z.infer<typeof PlanPayload>;

/** The payload of a diagnosed ticket's plan. Throws `Conflict` when it has not been diagnosed. */
export function planPayload(ticket: Ticket, run: Run, repository: Repository): PlanPayload {
  const { diagnosis, classification } = ticket;
  if (!diagnosis || !classification) throw new Fault('Conflict', `Ticket ${ticket.id} has no diagnosis yet`);
  return PlanPayload.parse({
    type: 'change_code',
    ticket: {
      id: ticket.id,
      source: ticket.source,
      externalId: ticket.externalId,
      url: ticket.url,
      type: classification.type,
      priority: classification.priority,
      reporter: ticket.reporter.name,
      title: ticket.title,
      body: ticket.body,
    },
    repository: { fullName: repository.fullName, base: repository.defaultBranch },
    diagnosis,
    review: run.review?.asks,
    cost: { spentNanoUsd: run.spentNanoUsd, budgetNanoUsd: run.budgetNanoUsd },
  });
}

/** What an approver of a plan is told; facts are the platform's, only the claim is the agent's. */
export function summarisePlan({ ticket, repository, diagnosis, review = [], cost }: PlanPayload): Summary {
  const { fullName, base } = repository;
  const name = oneLine(ticket.externalId);
  return {
    headline: `Change code in ${fullName} for ${name}${review.length > 0 ? ', after a review' : ''}`,
    subject: `${name} ${oneLine(ticket.title)}`,
    facts: [
      { name: 'Ticket', value: `${name} (${ticket.source}), ${oneLine(ticket.title)}` },
      { name: 'Reported by', value: oneLine(ticket.reporter) },
      { name: 'Kind, priority', value: `${ticket.type}, ${ticket.priority}` },
      { name: 'Repository', value: `${fullName}, from branch ${oneLine(base)}` },
      ...askedFor(review).map((value) => ({ name: 'Asked in review', value: oneLine(value) })),
      { name: 'Files named', value: diagnosis.files.map(oneLine).join(', ') || 'none' },
      {
        name: 'Cost',
        value: `${dollars(cost.spentNanoUsd)} so far; the run stops at ${dollars(cost.budgetNanoUsd)}`,
      },
    ],
    effects: [
      `A code agent changes a clone of ${fullName} on a branch of its own and runs the tests. Its tools hold no credentials.`,
      'The platform checks the change in a clean clone: tests red before and green after, nothing protected touched.',
      review.length > 0
        ? 'Only if that passes, the platform pushes one more commit to the pull request. Merging stays with people.'
        : `Only if that passes, the platform pushes the branch and opens a pull request against ${oneLine(base)}. Merging stays with people.`,
    ],
    claim: claimed(diagnosis),
  };
}

function claimed({ summary, rootCause, confidence, plan, evidence }: PlanPayload['diagnosis']): string {
  const sure = `Cause: ${rootCause}, ${Math.round(confidence * 100)} % sure by its own estimate.`;
  const steps = plan.map((step, at) => `${at + 1}. ${step}`);
  const seen = evidence.map(({ id, what, excerpt }) => `${what} (${id}):\n${excerpt}`);
  return [summary, sure, ...(steps.length ? ['Plan:', ...steps] : []), ...seen].map(visible).join('\n');
}

/** Whether a ticket still says what was approved: the plan and the text that the engineer works from. */
export function isStillThePlan(payload: PlanPayload, ticket: Ticket): boolean {
  const now = { title: ticket.title, body: ticket.body, diagnosis: ticket.diagnosis };
  const then = { title: payload.ticket.title, body: payload.ticket.body, diagnosis: payload.diagnosis };
  return hashOf(canonical(now)) === hashOf(canonical(then));
}
