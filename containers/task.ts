import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as z from 'zod';
import { stateMachines } from '#adapters/aws/machines.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { log } from '#adapters/log.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { Fault } from '#core/fault.ts';
import type { Artifacts, Machines, Runs } from '#core/ports.ts';
import type { Project, Repository } from '#core/projects/project.ts';
import { type Progress, progress } from '#core/runs/progress.ts';
import type { Run, RunLine, Stage } from '#core/runs/run.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { credential } from './credential.ts';
import { Assignment, type TaskEnv } from './env.ts';
import { steady, untilAnswered } from './steady.ts';

/** A piece of work on a run, and what it may use. */
export interface Task extends Progress {
  ticket: Ticket;
  run: Run;
  project?: Project;
  repository?: Repository;
  runs: Runs;
  artifacts: Artifacts;
  /** For its own use, empty, to be entered by all; removed at the end. */
  folder: string;
  author: { name: string; email: string };
  forgeSecret(): Promise<string>;
  /** Something moved: without it for long, the heartbeat stops and the task is taken to be stuck. */
  progress(): void;
  /** Aborted when the task is to stop: nothing is answered then. */
  signal: AbortSignal;
}

export interface Container<Env extends TaskEnv, Out extends object> {
  env: z.ZodType<Env>;
  output: z.ZodType<Out>;
  stage: Stage;
  who: RunLine['who'];
  work: (task: Task, env: Env) => Promise<Out>;
}

/** Longer than any single step is allowed to take. */
const STUCK = 11 * 60_000;

/**
 * Runs a container's work and answers the state machine that waits for it: its output, or a failure by name. Stopped by
 * SIGTERM it answers nothing: the task's end is reported by the platform, and the step starts anew.
 */
export async function container<Env extends TaskEnv, Out extends object>(
  made: Container<Env, Out>,
): Promise<void> {
  const env = { ...made.env.parse(process.env), ...Assignment.parse(process.env) };
  delete process.env.TASK_TOKEN;
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));
  }
  const machines = stateMachines();
  const { TASK_TOKEN: token } = env;
  const heart = heartbeat(() => machines.beat(token), Number(env.HEARTBEAT_SECONDS ?? 30) * 1_000, stop);
  const folder = await workFolder(env.RUN_ID);
  try {
    const task = await taskOf(made, env, { folder, progress: heart.progress, signal: stop.signal });
    const output = made.output.parse(await made.work(task, env));
    const heard = await untilAnswered(() => machines.succeed(token, output), stop.signal);
    log.info('task answered', { runId: env.RUN_ID, output, heard });
  } catch (error) {
    process.exitCode = await failed(error, (name, cause) => machines.fail(token, name, cause), stop.signal);
  } finally {
    heart.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function failed(
  error: unknown,
  report: (name: string, cause: string) => ReturnType<Machines['fail']>,
  signal: AbortSignal,
): Promise<number> {
  if (signal.aborted) {
    log.warn('task stopped', { reason: (signal.reason as Error).message });
    return 143;
  }
  log.error('task failed', { error });
  const name = error instanceof Fault ? error.code : 'TaskCrashed';
  const cause = error instanceof Fault ? error.message : `The task broke: ${(error as Error).name}`;
  await untilAnswered(() => report(name, cause.slice(0, 32_000))).catch((reason: unknown) => {
    log.error('the failure could not be reported', { error: reason });
  });
  return 1;
}

/** Beats while there is progress; stops the task when nobody waits for it any more. */
function heartbeat(beat: () => Promise<boolean>, every: number, stop: AbortController) {
  let last = Date.now();
  const timer = setInterval(() => {
    if (Date.now() - last > STUCK) return;
    beat().then(
      (heard) => {
        if (!heard) stop.abort(new Error('nobody waits for this task any more'));
      },
      (error: unknown) => log.warn('a heartbeat was not heard', { error: (error as Error).name }),
    );
  }, every);
  return {
    progress: () => {
      last = Date.now();
    },
    stop: () => clearInterval(timer),
  };
}

async function taskOf<Env extends TaskEnv, Out extends object>(
  { stage, who }: Container<Env, Out>,
  env: Env & Assignment,
  given: Pick<Task, 'folder' | 'progress' | 'signal'>,
): Promise<Task> {
  const { ORG: org, TICKET_ID: ticketId, RUN_ID: runId } = env;
  const { signal } = given;
  const runs = steady(dynamoRuns(env.RUNS_TABLE), signal);
  const tickets = steady(dynamoTickets(env.TICKETS_TABLE, ''), signal);
  const projects = steady(dynamoProjects(env.PROJECTS_TABLE), signal);
  const [ticket, run] = await Promise.all([tickets.find(org, ticketId), runs.find(org, runId)]);
  if (!ticket || !run) throw new Fault('NotFound', `There is no ticket ${ticketId} with a run ${runId}`);
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

/** A new folder of this process, after removing those that dead processes of the same run left behind. */
async function workFolder(runId: string): Promise<string> {
  const prefix = `signalbox-${runId}-`;
  const root = process.getuid?.() === 0 ? '/tmp' : tmpdir();
  for (const name of await readdir(root)) {
    const pid = Number(/-(\d+)-\w+$/.exec(name)?.[1]);
    if (name.startsWith(prefix) && pid && !isAlive(pid))
      await rm(join(root, name), { recursive: true, force: true });
  }
  const folder = await mkdtemp(join(root, `${prefix}${process.pid}-`));
  await chmod(folder, 0o711);
  return folder;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
