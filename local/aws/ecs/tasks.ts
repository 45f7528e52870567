import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { exitCode, type Handle, isAlive, launch, signal } from './process.ts';
import type { Row, Rows } from './rows.ts';
import { changed, type StopCode, type Task, withTimes } from './task.ts';

export interface Surroundings {
  store: Store;
  clock: Clock;
  rows: Rows;
  /** Puts an event on the default bus, in the transaction that is open. */
  emit(event: { source: string; detailType: string; detail: unknown; resources: string[] }): void;
  /** What the task's process runs, and with which environment. */
  process(task: Task): { entry: string; env: Record<string, string> };
  stopTimeout(task: Task): number;
}

/** Runs tasks as processes: each is started at most once, and is watched to its end across restarts of this process. */
export interface Tasks {
  start(task: Task, clientToken?: string): void;
  /** SIGTERM now, SIGKILL after the container's stop timeout or `seconds`. */
  terminate(row: Row, why: { code: StopCode; reason: string }, seconds?: number): void;
  /** Resolves once the task has stopped; at once if it has, never if this process ends first. */
  stopped(arn: string): Promise<Task>;
  resume(): void;
  /** Stops every task, and resolves when all are recorded as stopped. */
  stopAll(why: { code: StopCode; reason: string }, seconds: number): Promise<void>;
}

/** How often a process that an earlier run of this program started is looked at. */
const LOOK_MS = 250;

export function tasks(given: Surroundings): Tasks {
  const { store, clock, rows } = given;
  const waiting = new Map<string, ((task: Task) => void)[]>();

  function save(task: Task, handle?: Handle): void {
    rows.update(task, handle);
    given.emit(eventOf(task));
    if (task.lastStatus !== 'STOPPED') return;
    store.afterCommit(() => {
      for (const tell of waiting.get(task.taskArn) ?? []) tell(task);
      waiting.delete(task.taskArn);
    });
  }

  function begin(task: Task): void {
    try {
      const process = launch({ ...given.process(task), folder: folderOf(store, task) });
      const now = clock.now();
      store.transaction(() => save(changed(task, now, { lastStatus: 'RUNNING', startedAt: now }), process));
      process.child.once('exit', () => end(given, task.taskArn, save));
      process.go();
    } catch (error) {
      store.transaction(() => save(failedToStart(task, clock.now(), (error as Error).message)));
    }
  }

  function take({ task, handle }: Row): void {
    if (!handle) {
      const reason = 'the local AWS ended before the process had started';
      store.transaction(() => save(failedToStart(task, clock.now(), reason)));
      return;
    }
    if (isAlive(handle) && task.desiredStatus === 'STOPPED') kill(handle, given.stopTimeout(task));
    whenGone(handle, () => end(given, task.taskArn, save));
  }

  const stopped = (arn: string): Promise<Task> =>
    new Promise((resolve) => {
      const task = rows.find(arn)?.task;
      if (task?.lastStatus === 'STOPPED') return resolve(task);
      waiting.set(arn, [...(waiting.get(arn) ?? []), resolve]);
    });

  const terminate: Tasks['terminate'] = (row, why, seconds) => askToStop(given, row, { ...why, seconds });

  return {
    start: (task, token) =>
      store.transaction(() => {
        rows.insert(task, token);
        given.emit(eventOf(task));
        store.afterCommit(() => begin(task));
      }),
    terminate,
    stopped,
    resume: () => rows.open().forEach(take),
    stopAll: async (why, seconds) => {
      const open = rows.open();
      for (const row of open) if (row.task.desiredStatus === 'RUNNING') terminate(row, why, seconds);
      await Promise.all(open.map(({ task }) => stopped(task.taskArn)));
    },
  };
}

/** Records that the task is to stop before it hears of it, so that a restart asks again. */
function askToStop(
  { store, clock, rows, stopTimeout }: Surroundings,
  { task, handle }: Row,
  { code, reason, seconds = stopTimeout(task) }: { code: StopCode; reason: string; seconds?: number },
): void {
  const now = clock.now();
  const change = {
    desiredStatus: 'STOPPED',
    stopCode: code,
    stoppedReason: reason,
    stoppingAt: now,
  } as const;
  store.transaction(() => rows.update(changed(task, now, change)));
  if (handle) kill(handle, seconds);
}

/** A task's own folder: what it printed, where it worked, how it ended. */
function folderOf({ folder }: Store, { taskArn }: Task): string {
  return join(folder, 'tasks', taskArn.slice(taskArn.lastIndexOf('/') + 1));
}

/** Tells of the end of a process that is not our child. */
function whenGone(handle: Handle, tell: () => void): void {
  if (!isAlive(handle)) {
    tell();
    return;
  }
  const watch = setInterval(() => {
    if (isAlive(handle)) return;
    clearInterval(watch);
    tell();
  }, LOOK_MS);
  watch.unref();
}

/** Records how the process ended, once, and ends what it left running. */
function end({ store, clock, rows }: Surroundings, arn: string, save: (task: Task) => void): void {
  const row = rows.find(arn);
  if (!row || row.task.lastStatus === 'STOPPED') return;
  if (row.handle) signal(row.handle, 'SIGKILL');
  const now = clock.now();
  const why = {
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
  } as const;
  const { stopCode = why.stopCode, stoppedReason = why.stoppedReason } = row.task;
  const change = {
    lastStatus: 'STOPPED',
    desiredStatus: 'STOPPED',
    stoppedAt: now,
    stopCode,
    stoppedReason,
  } as const;
  const code = exitCode(folderOf(store, row.task)) ?? 137; // killed with its whole group, it could not say
  store.transaction(() => save(changed(row.task, now, change, { exitCode: code })));
}

function failedToStart(task: Task, now: number, reason: string): Task {
  const stoppedReason = `CannotStartContainerError: ${reason}`;
  const how = { lastStatus: 'STOPPED', desiredStatus: 'STOPPED', stopCode: 'TaskFailedToStart' } as const;
  return changed(task, now, { ...how, stoppedAt: now, stoppedReason }, { reason: stoppedReason });
}

/** The process is only asked at first. A timer that does not keep this program running reminds it. */
function kill(handle: Handle, seconds: number): void {
  signal(handle, 'SIGTERM');
  const last = setTimeout(() => isAlive(handle) && signal(handle, 'SIGKILL'), seconds * 1000);
  last.unref();
}

function eventOf(task: Task) {
  const detail = withTimes(task, (time) => new Date(time).toISOString());
  return { source: 'aws.ecs', detailType: 'ECS Task State Change', detail, resources: [task.taskArn] };
}
