import * as z from 'zod/mini';
import { clock } from '#adapters/clock.ts';
import { dynamoLikeness } from '#adapters/dynamodb/likeness.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { dynamoLessons } from '#adapters/dynamodb/triage.ts';
import { Fault } from '#core/fault.ts';
import type { Clock, Projects, Runs, Tickets } from '#core/ports.ts';
import { progress } from '#core/runs/progress.ts';
import { Classify, type RunRef } from '#core/runs/steps.ts';
import { type Classification, isFinal, type Ticket } from '#core/tickets/ticket.ts';
import { taughtBy } from '#core/triage/adapt.ts';
import { afterTriage, classify } from '#core/triage/classify.ts';
import { embedded } from '#core/triage/embedded.ts';
import { findSimilar } from '#core/triage/find-similar.ts';
import type { Lessons, Likeness } from '#core/triage/ports.ts';
import { ModelEnv, type ModelOf, modelFrom } from '../model.ts';
import { task } from '../task.ts';

export const Env = z.extend(ModelEnv, {
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  TRIAGE_TABLE: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  tickets: Tickets;
  runs: Runs;
  projects: Projects;
  lessons: Pick<Lessons, 'learned'>;
  likeness: Likeness;
  modelOf: ModelOf;
  clock: Clock;
}

/** Decides what a ticket is about and whether it can be diagnosed. A ticket that is classified already is not classified again. */
export function classifying(needs: Needs) {
  const { tickets, likeness } = needs;
  return async (ref: RunRef): Promise<z.infer<typeof Classify.output>> => {
    const ticket = await tickets.find(ref.org, ref.ticketId);
    if (!ticket) throw new Fault('NotFound', `There is no ticket ${ref.ticketId}`);
    if (isFinal(ticket.status)) return { next: 'escalate', reason: `The ticket is ${ticket.status} already` };

    const log = progress(needs, ref, { who: 'triage', stage: 'triage' });
    await log.at(5, 'reading the ticket');
    const [classification, links] = await Promise.all([
      ticket.classification ?? decided(ticket, ref, needs),
      findSimilar(ticket, likeness),
    ]);
    await tickets.advance(ref.org, ref.ticketId, ['received', 'triaging'], {
      status: 'triaging',
      classification,
      runId: ref.runId,
    });
    await log.say(inWords(classification));
    if (links.length > 0)
      await log.say(`Like ${links.map(({ ticketId, reason }) => `${ticketId} (${reason})`).join('; ')}`);
    await log.at(12, 'done');
    return afterTriage(classification);
  };
}

async function decided(
  ticket: Ticket,
  ref: RunRef,
  { projects, lessons, modelOf }: Needs,
): Promise<Classification> {
  const [all, learned, model] = await Promise.all([
    projects.list(ref.org),
    lessons.learned(ref.org),
    modelOf(ref),
  ]);
  const classifier = taughtBy(embedded(), learned);
  return classify(ticket, { projects: all, classifier, ...(learned && { habits: learned.habits }) }, model);
}

function inWords({ type, priority, repository, by, confidence, reason }: Classification): string {
  const where = repository ? ` in ${repository}` : '';
  const how = by === 'none' ? 'not sure' : `decided by the ${by}`;
  const kind = type.replaceAll('_', ' ');
  return `A ${kind}, priority ${priority}${where} (${how}, ${Math.round(confidence * 100)} %). ${reason}`;
}

export const handler = task(Classify, Env, async (env) => {
  const runs = dynamoRuns(env.RUNS_TABLE);
  const tickets = dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE);
  return classifying({
    tickets,
    runs,
    projects: dynamoProjects(env.PROJECTS_TABLE),
    lessons: dynamoLessons(env.TRIAGE_TABLE, env.TICKETS_TABLE, tickets.find),
    likeness: dynamoLikeness(env.TRIAGE_TABLE),
    modelOf: modelFrom(env),
    clock,
  });
});
