import * as z from 'zod/mini';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoDeliveries } from '#adapters/dynamodb/deliveries.ts';
import { dynamoLikeness } from '#adapters/dynamodb/likeness.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { githubForge } from '#adapters/github/forge.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { Fault } from '#core/fault.ts';
import type { Artifacts, Clock, Deliveries, Forge, Projects, Runs, Tickets } from '#core/ports.ts';
import { type Repository, repositoryNamed } from '#core/projects/project.ts';
import { type Progress, progress } from '#core/runs/progress.ts';
import { Diagnose, type RunRef } from '#core/runs/steps.ts';
import { type Diagnosis, isFinal, type Ticket } from '#core/tickets/ticket.ts';
import { afterDiagnosis, diagnose } from '#core/triage/diagnose.ts';
import { fromComments, fromDeliveries, fromTickets, whatIsKnown } from '#core/triage/earlier.ts';
import { type Evidence, type Gathered, gather } from '#core/triage/evidence.ts';
import type { Likeness } from '#core/triage/ports.ts';
import { ModelEnv, type ModelOf, modelFrom } from '../model.ts';
import { task } from '../task.ts';

export const Env = z.extend(ModelEnv, {
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  TRIAGE_TABLE: z.string(),
  ARTIFACTS_BUCKET: z.string(),
  FORGE_SECRET_ARN: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  tickets: Tickets;
  runs: Runs;
  projects: Projects;
  artifacts: Artifacts;
  likeness: Pick<Likeness, 'links'>;
  deliveries: Pick<Deliveries, 'list'>;
  forgeOf: (repository: Repository) => Promise<Forge>;
  modelOf: ModelOf;
  clock: Clock;
}

/** Deliveries of the source that are looked through: {@link fromDeliveries}. */
const NEWEST = 100;

type Output = z.infer<typeof Diagnose.output>;
type Found = { diagnosis: Diagnosis } | { unknown: string };

/** Finds the cause from the log and the repository. A ticket that is diagnosed already is not diagnosed again. */
export function diagnosing(needs: Needs) {
  return async (ref: RunRef): Promise<Output> => {
    const { tickets } = needs;
    const { ticket } = await tickets.advance(ref.org, ref.ticketId, ['triaging', 'diagnosing'], {
      status: 'diagnosing',
    });
    if (isFinal(ticket.status)) return { next: 'escalate', reason: `The ticket is ${ticket.status} already` };
    if (ticket.diagnosis) return afterDiagnosis(ticket.diagnosis);

    const log = progress(needs, ref, { who: 'lead', stage: 'diagnosis' });
    const found = await find(ticket, ref, { ...needs, log });
    if ('unknown' in found) {
      await log.say(found.unknown, 'warn');
      return { next: 'escalate', reason: found.unknown };
    }
    const { diagnosis } = found;
    await tickets.advance(ref.org, ref.ticketId, ['diagnosing'], { diagnosis });
    await log.say(inWords(diagnosis));
    await log.at(30, 'knows the cause');
    return afterDiagnosis(diagnosis);
  };
}

async function find(ticket: Ticket, ref: RunRef, needs: Needs & { log: Progress }): Promise<Found> {
  const { log } = needs;
  await log.at(15, 'reading the log and the code');
  const gathered = await evidence(ticket, needs);
  if ('unknown' in gathered) return gathered;
  await log.say(read(gathered));
  const model = await needs.modelOf(ref);
  if (!model)
    return { unknown: `No model is configured, so nobody has looked for the cause.${whatIsKnown(gathered)}` };
  await log.at(20, 'looking for the cause');
  try {
    return { diagnosis: await diagnose(ticket, gathered, model) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return {
      unknown: `The cause was not found, because the model could not help: ${error.message}.${whatIsKnown(gathered)}`,
    };
  }
}

/** What may pass is thrown, so that the machine tries again; what will not is for a person. */
async function evidence(ticket: Ticket, needs: Needs): Promise<Gathered | { unknown: string }> {
  const { projects, artifacts, forgeOf } = needs;
  const where = repositoryNamed(await projects.list(ticket.org), ticket.classification?.repository);
  if (!where) return { unknown: 'The repository of this ticket is no longer in any project' };
  try {
    const forge = await forgeOf(where.repository);
    const [gathered, earlier] = await Promise.all([
      gather(ticket, { forge, artifacts, repository: where.repository }),
      alreadyTold(ticket, needs),
    ]);
    const evidence = [...gathered.evidence, ...fromComments(ticket), ...earlier];
    if (evidence.length > 0) return { ...gathered, evidence };
    return { unknown: 'There is neither a log nor a readable file to look at' };
  } catch (error) {
    if (!(error instanceof Fault) || error.code === 'Unavailable') throw error;
    return { unknown: `The repository cannot be read: ${error.message}` };
  }
}

/** Tickets that are like this one, and what the source has delivered about all of them. */
async function alreadyTold({ org, id, source }: Ticket, needs: Needs): Promise<Evidence[]> {
  const { tickets, likeness, deliveries } = needs;
  const links = (await likeness.links(org, id)).slice(0, 5);
  const [kept, ...found] = await Promise.all([
    deliveries.list(org, { source, limit: NEWEST }),
    ...links.map(({ ticketId }) => tickets.find(org, ticketId)),
  ]);
  const about = new Set([id, ...links.map(({ ticketId }) => ticketId)]);
  const known = found.filter((one) => one !== undefined);
  return [...fromTickets(links, known), ...fromDeliveries(about, kept.deliveries)];
}

function read({ evidence, missing }: Gathered): string {
  const of = (kind: string) => evidence.flatMap(({ id, what }) => (id.startsWith(kind) ? [what] : []));
  const all = ['log:', 'file:', 'comment:', 'ticket:', 'deliveries:'].flatMap(of);
  return [`Read ${all.join(', ')}.`, ...missing].join(' ');
}

function inWords({ rootCause, confidence, summary }: Diagnosis): string {
  return `Root cause: ${rootCause.replaceAll('_', ' ')} (${Math.round(confidence * 100)} %). ${summary}`;
}

export const handler = task(Diagnose, Env, async (env) => {
  const runs = dynamoRuns(env.RUNS_TABLE);
  return diagnosing({
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    runs,
    projects: dynamoProjects(env.PROJECTS_TABLE),
    artifacts: s3Artifacts(env.ARTIFACTS_BUCKET),
    likeness: dynamoLikeness(env.TRIAGE_TABLE),
    deliveries: dynamoDeliveries(env.DELIVERIES_TABLE),
    forgeOf: async (repository) => githubForge(repository, await secret(env.FORGE_SECRET_ARN)),
    modelOf: modelFrom(env),
    clock,
  });
});
