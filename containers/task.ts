import type * as z from 'zod';
import { clock } from '#adapters/clock.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { Fault } from '#core/fault.ts';
import type { Artifacts, Runs } from '#core/ports.ts';
import type { Project, Repository } from '#core/projects/project.ts';
import { type Progress, progress } from '#core/runs/progress.ts';
import type { Run, RunLine, Stage } from '#core/runs/run.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { answering, type Given } from './answering.ts';
import { credential } from './credential.ts';
import { Assignment, type TaskEnv } from './env.ts';
import { steady } from './steady.ts';

/** A piece of work on a run, and what it may use. */
export interface Task extends Progress, Given {
  ticket: Ticket;
  run: Run;
  project?: Project;
  repository?: Repository;
  runs: Runs;
  artifacts: Artifacts;
  author: { name: string; email: string };
  forgeSecret(): Promise<string>;
}

export interface Container<Env extends TaskEnv, Out extends object> {
  env: z.ZodType<Env>;
  output: z.ZodType<Out>;
  stage: Stage;
  who: RunLine['who'];
  work: (task: Task, env: Env) => Promise<Out>;
}

/** Runs a container's work on a run and answers the state machine that waits for it: its output, or a failure by name. */
export async function container<Env extends TaskEnv, Out extends object>(
  made: Container<Env, Out>,
): Promise<void> {
  const env = { ...made.env.parse(process.env), ...Assignment.parse(process.env) };
  const asked = { name: env.RUN_ID, token: env.TASK_TOKEN, beatSeconds: env.HEARTBEAT_SECONDS };
  await answering(asked, async (given) =>
    made.output.parse(await made.work(await taskOf(made, env, given), env)),
  );
}

async function taskOf<Env extends TaskEnv, Out extends object>(
  { stage, who }: Container<Env, Out>,
  env: Env & Assignment,
  given: Given,
): Promise<Task> {
  const { ORG: org, TICKET_ID: ticketId, RUN_ID: runId } = env;
  const { signal } = given;
  const stored = steady(dynamoRuns(env.RUNS_TABLE), signal);
  const tickets = steady(dynamoTickets(env.TICKETS_TABLE, ''), signal);
  const projects = steady(dynamoProjects(env.PROJECTS_TABLE), signal);
  const [ticket, run] = await Promise.all([tickets.find(org, ticketId), stored.hold(org, runId)]);
  if (!ticket) throw new Fault('NotFound', `There is no ticket ${ticketId}`);
  const runs = fenced(stored, run.lease, given);
  const { projectId = '', repository: fullName } = ticket.classification ?? {};
  const project = projectId ? await projects.find(org, projectId) : undefined;
  const telling = progress({ runs, clock }, { org, ticketId, runId }, { who, stage });
  return {
    ...given,
    ticket,
    run,
    project,
    repository: project?.repositories.find((one) => one.fullName === fullName),
    runs,
    artifacts: steady(s3Artifacts(env.ARTIFACTS_BUCKET), signal),
    author: { name: env.COMMIT_NAME ?? 'Signalbox', email: env.COMMIT_EMAIL ?? 'signalbox@localhost' },
    forgeSecret: () => credential(env.FORGE_SECRET_ARN, 'the forge', signal),
    ...telling,
  };
}

/** The same runs, where every change stands under this task's lease; when another task has taken over, this one stops. */
function fenced(runs: Runs, lease: number | undefined, { stop }: Given): Runs {
  return {
    ...runs,
    update: async (org, id, change) => {
      try {
        return await runs.update(org, id, change, lease);
      } catch (error) {
        if (error instanceof Fault && error.code === 'Gone') stop(error);
        throw error;
      }
    },
  };
}
