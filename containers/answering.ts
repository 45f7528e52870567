import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stateMachines } from '#adapters/aws/machines.ts';
import { log } from '#adapters/log.ts';
import { Fault } from '#core/fault.ts';
import type { Machines } from '#core/ports.ts';
import { type Heart, heartbeat } from './heartbeat.ts';
import { untilAnswered } from './steady.ts';

/** What every piece of work in a container is given. */
export interface Given {
  /** For its own use, empty, to be entered by all; removed at the end. */
  folder: string;
  progress: Heart['progress'];
  /** Aborted when the task is to stop: nothing is answered then. */
  signal: AbortSignal;
  /** Stops the task. */
  stop(reason: Error): void;
}

export interface Asked {
  /** Of the work, for its folder and its log: letters, digits and `_.-` only. */
  name: string;
  token: string;
  /** By default 30. */
  beatSeconds?: string;
  /** Without progress for so long, the heartbeat stops. */
  stuckSeconds?: number;
}

/** Longer than any single step is allowed to take. */
const STUCK_SECONDS = 11 * 60;

/**
 * Does the work and answers the task token: with its output, or with a failure by name. Stopped by SIGTERM it answers
 * nothing: the task's end is reported by the platform, and the step starts anew.
 */
export async function answering(
  { name, token, beatSeconds = '30', stuckSeconds = STUCK_SECONDS }: Asked,
  work: (given: Given) => Promise<object>,
): Promise<void> {
  delete process.env.TASK_TOKEN;
  const stop = new AbortController();
  for (const event of ['SIGTERM', 'SIGINT'] as const) {
    process.on(event, () => stop.abort(new Error(`stopped by ${event}`)));
  }
  const machines = stateMachines();
  const heart = heartbeat({
    ...{ every: Number(beatSeconds) * 1_000, stuck: stuckSeconds * 1_000 },
    beat: () => machines.beat(token),
    onUnheard: () => stop.abort(new Error('nobody waits for this task any more')),
  });
  const folder = await workFolder(name);
  try {
    const output = await work({
      ...{ folder, progress: heart.progress, signal: stop.signal },
      stop: (reason) => stop.abort(reason),
    });
    const heard = await untilAnswered(() => machines.succeed(token, output), stop.signal);
    log.info('task answered', { task: name, output, heard });
  } catch (error) {
    process.exitCode = await failed(error, (code, cause) => machines.fail(token, code, cause), stop.signal);
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

/** A new folder of this process, after removing those that dead processes of the same work left behind. */
async function workFolder(name: string): Promise<string> {
  const prefix = `signalbox-${name}-`;
  const root = process.getuid?.() === 0 ? '/tmp' : tmpdir();
  for (const entry of await readdir(root)) {
    const pid = Number(/-(\d+)-\w+$/.exec(entry)?.[1]);
    if (entry.startsWith(prefix) && pid && !isAlive(pid))
      await rm(join(root, entry), { recursive: true, force: true });
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
