import * as z from 'zod';
import { canonical, hashOf } from '../canonical.ts';
import { Fault } from '../fault.ts';
import type { Repository } from '../projects/project.ts';
import type { Run } from '../runs/run.ts';
import { Diagnosis, type Ticket } from '../tickets/ticket.ts';

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
    cost: { spentNanoUsd: run.spentNanoUsd, budgetNanoUsd: run.budgetNanoUsd },
  });
}

/** One line for mails, lists and the page's heading; made of facts, never of an agent's words. */
export function headline({ ticket, repository }: PlanPayload): string {
  return `Change code in ${repository.fullName} for ${ticket.externalId}`;
}

/** Whether a ticket still says what was approved: the plan and the text that the engineer works from. */
export function isStillThePlan(payload: PlanPayload, ticket: Ticket): boolean {
  const now = { title: ticket.title, body: ticket.body, diagnosis: ticket.diagnosis };
  const then = { title: payload.ticket.title, body: payload.ticket.body, diagnosis: payload.diagnosis };
  return hashOf(canonical(now)) === hashOf(canonical(then));
}
