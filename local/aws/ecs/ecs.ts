import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { AwsError, FunctionError, type Operations, only } from '../service.ts';
import { definitionOf, findDefinition, type TaskDefinition } from './definition.ts';
import { openRows, type Row, type Rows } from './rows.ts';
import { type RunTaskInput, type Task, taskOf, withTimes } from './task.ts';
import { tasks as openTasks, type Surroundings, type Tasks } from './tasks.ts';

export interface Ecs {
  operations: Operations;
  /** The `ecs:runTask` integration of state machines; `.sync` waits for the task's end. */
  runTask(args: Record<string, unknown>, context: RunContext): Promise<unknown>;
  /** `source` names the file that stands for the image. */
  define(arn: string, properties: Record<string, unknown>, source: string): void;
  defineCluster(name: string): void;
  /** Takes up tasks whose processes outlived the last stop; records the others as stopped. */
  resume(): void;
  /** Stops every task with SIGTERM, then SIGKILL after `seconds`, so that no process is left behind. */
  stop(seconds?: number): Promise<void>;
}

/** What a state machine says beside the arguments. */
export interface RunContext {
  signal: AbortSignal;
  mode: 'requestResponse' | 'sync' | 'waitForTaskToken';
  /** Names the attempt across restarts, so that a repeated call finds its task instead of starting another. */
  attempt: string;
}

interface Options {
  store: Store;
  clock: Clock;
  /** The folder that sources are named from. */
  root: string;
  /** What every container's environment begins with: endpoint, credentials, PATH, HOME, TMPDIR. */
  environment: Record<string, string>;
  emit: Surroundings['emit'];
  /** The current value of a secret, by ARN. */
  secret(arn: string): string;
}

interface Parts {
  clock: Clock;
  rows: Rows;
  tasks: Tasks;
  definitions: Map<string, TaskDefinition>;
  clusters: Set<string>;
}

/** ECS with processes for containers. Output goes to `tasks/ID/stdout.log` and `stderr.log`. */
export function ecs({ store, clock, root, environment, emit, secret }: Options): Ecs {
  const rows = openRows(store);
  const definitions = new Map<string, TaskDefinition>();
  const tasks = openTasks({
    ...{ store, clock, rows, emit },
    stopTimeout: ({ taskDefinitionArn }) => definitions.get(taskDefinitionArn)?.stopTimeoutSeconds ?? 30,
    process: (task) => {
      const definition = findDefinition(definitions, task.taskDefinitionArn);
      const secrets = Object.entries(definition.secrets).map(([name, arn]) => [name, secret(arn)]);
      const overrides = task.overrides.containerOverrides?.flatMap((one) => one.environment ?? []) ?? [];
      return {
        entry: join(root, definition.source),
        env: {
          ...environment,
          ...definition.environment,
          ...Object.fromEntries(secrets),
          ...Object.fromEntries(overrides.map(({ name, value }) => [name, value])),
        },
      };
    },
  });
  const parts = { clock, rows, tasks, definitions, clusters: new Set(['default']) };
  return {
    operations: operations(parts),
    runTask: (args, context) => integrated(parts, args, context),
    define: (arn, properties, source) => void definitions.set(arn, definitionOf(arn, properties, source)),
    defineCluster: (name) => void parts.clusters.add(name),
    resume: tasks.resume,
    stop: (seconds = 5) =>
      tasks.stopAll({ code: 'TerminationNotice', reason: 'The local AWS was stopped' }, seconds),
  };
}

/** Starts a task, or answers the one that the same client token started. */
function run({ clock, rows, tasks, definitions, clusters }: Parts, input: RunTaskInput): Task {
  const definition = findDefinition(definitions, input.taskDefinition);
  const cluster = (input.cluster ?? 'default').replace(/^.*cluster\//, '');
  if (!clusters.has(cluster)) throw new AwsError('ClusterNotFoundException', 'Cluster not found.');
  const before = input.clientToken === undefined ? undefined : rows.byToken(input.clientToken);
  if (before) return before.task;
  const task = taskOf(input, definition, clock.now());
  tasks.start(task, input.clientToken);
  return task;
}

function operations(parts: Parts): Operations {
  const { rows, tasks } = parts;
  const api = (task: Task) => withTimes(task, (time) => time / 1000);

  function find(given: string): Row | undefined {
    return given.startsWith('arn:')
      ? rows.find(given)
      : rows.all().find(({ task }) => task.taskArn.endsWith(`/${given}`));
  }

  return {
    RunTask: (input) => ({ tasks: [api(run(parts, input))], failures: [] }),
    DescribeTasks: (input) => {
      only('DescribeTasks', input, ['cluster', 'tasks', 'include']);
      const wanted = ((input.tasks ?? []) as string[]).map((arn) => ({ arn, row: find(arn) }));
      return {
        tasks: wanted.flatMap(({ row }) => (row ? [api(row.task)] : [])),
        failures: wanted.filter(({ row }) => !row).map(({ arn }) => ({ arn, reason: 'MISSING' })),
      };
    },
    ListTasks: (input) => {
      only('ListTasks', input, ['cluster', 'family', 'desiredStatus', 'startedBy', 'maxResults']);
      const { family, startedBy, desiredStatus = 'RUNNING', maxResults = 100 } = input;
      const fits = ({ task }: Row) =>
        task.desiredStatus === desiredStatus &&
        (!family || task.group === `family:${family}`) &&
        (!startedBy || task.startedBy === startedBy);
      return {
        taskArns: rows
          .all()
          .filter(fits)
          .slice(0, maxResults)
          .map(({ task }) => task.taskArn),
      };
    },
    StopTask: (input) => {
      only('StopTask', input, ['cluster', 'task', 'reason']);
      const row = find(String(input.task));
      if (!row) throw new AwsError('InvalidParameterException', 'The referenced task was not found.');
      const reason = input.reason ?? 'Task stopped by user';
      if (row.task.desiredStatus === 'RUNNING') tasks.terminate(row, { code: 'UserInitiated', reason });
      return { task: api(find(row.task.taskArn)?.task ?? row.task) };
    },
  };
}

async function integrated(
  parts: Parts,
  args: Record<string, unknown>,
  context: RunContext,
): Promise<unknown> {
  const input = renamed(args, (name) => name.charAt(0).toLowerCase() + name.slice(1)) as RunTaskInput;
  const task = run(parts, { startedBy: 'AWS Step Functions', ...input, clientToken: context.attempt });
  if (context.mode !== 'sync') return { Failures: [], Tasks: [capitalised(task)] };
  context.signal.addEventListener('abort', () => {
    const row = parts.rows.find(task.taskArn);
    const why = { code: 'UserInitiated', reason: 'Its state no longer waits for it' } as const;
    if (row?.task.desiredStatus === 'RUNNING') parts.tasks.terminate(row, why);
  });
  const ended = await parts.tasks.stopped(task.taskArn);
  if (ended.containers.every(({ exitCode }) => exitCode === 0)) return capitalised(ended);
  throw failed(capitalised(ended));
}

function capitalised(task: Task): unknown {
  return renamed(
    withTimes(task, (time) => time),
    (name) => name.charAt(0).toUpperCase() + name.slice(1),
  );
}

/** A task that does not end well fails its state with all that is known of it as the cause. */
function failed(task: unknown): FunctionError {
  const error = new FunctionError('States.TaskFailed', 'The task did not exit with 0');
  return Object.assign(error, { payload: JSON.stringify(task) });
}

/** The value with the names of all members changed: state machines capitalise what the API does not. */
function renamed(value: unknown, name: (before: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => renamed(one, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [name(key), renamed(one, name)]));
}
