import { randomUUID } from 'node:crypto';
import { AwsError, only, refuse } from '../service.ts';
import type { TaskDefinition } from './definition.ts';

/** What RunTask is asked for, as in the API. */
export interface RunTaskInput {
  cluster?: string;
  taskDefinition?: string;
  overrides?: Overrides;
  startedBy?: string;
  group?: string;
  launchType?: string;
  clientToken?: string;
  count?: number;
}

export interface Overrides {
  containerOverrides?: { name: string; environment?: { name: string; value: string }[] }[];
}

/** A task as DescribeTasks shows it; times are epoch milliseconds until they go out. */
export interface Task {
  taskArn: string;
  clusterArn: string;
  taskDefinitionArn: string;
  lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
  desiredStatus: 'RUNNING' | 'STOPPED';
  containers: Container[];
  overrides: Overrides;
  group: string;
  launchType: string;
  cpu: string;
  memory: string;
  version: number;
  startedBy?: string;
  createdAt: number;
  updatedAt: number;
  startedAt?: number;
  stoppingAt?: number;
  stoppedAt?: number;
  stopCode?: StopCode;
  stoppedReason?: string;
}

export type StopCode =
  | 'TaskFailedToStart'
  | 'EssentialContainerExited'
  | 'UserInitiated'
  | 'TerminationNotice';

interface Container {
  containerArn: string;
  taskArn: string;
  name: string;
  image: string;
  lastStatus: Task['lastStatus'];
  exitCode?: number;
  reason?: string;
}

const KNOWN = [
  ...['capacityProviderStrategy', 'clientToken', 'cluster', 'count', 'enableECSManagedTags'],
  ...['enableExecuteCommand', 'group', 'launchType', 'networkConfiguration', 'overrides', 'platformVersion'],
  ...['propagateTags', 'startedBy', 'tags', 'taskDefinition'],
];

/** Checks a RunTask and makes the task that it asks for. */
export function taskOf(input: RunTaskInput, definition: TaskDefinition, now: number): Task {
  only('RunTask', input, KNOWN);
  if ((input.count ?? 1) !== 1) refuse('RunTask with a count other than 1');
  only('RunTask overrides', input.overrides ?? {}, ['containerOverrides']);
  for (const { name, ...override } of input.overrides?.containerOverrides ?? []) {
    only('RunTask container overrides', override, ['environment']);
    if (name !== definition.container) {
      const message = `Override for container named ${name} is not a container in the TaskDefinition.`;
      throw new AwsError('InvalidParameterException', message);
    }
  }
  const cluster = (input.cluster ?? 'default').replace(/^.*cluster\//, '');
  const prefix = 'arn:aws:ecs:us-east-1:000000000000';
  const id = randomUUID().replaceAll('-', '');
  const taskArn = `${prefix}:task/${cluster}/${id}`;
  const { container: name, image, cpu, memory } = definition;
  return {
    taskArn,
    clusterArn: `${prefix}:cluster/${cluster}`,
    taskDefinitionArn: definition.arn,
    lastStatus: 'PENDING',
    desiredStatus: 'RUNNING',
    containers: [
      { containerArn: `${prefix}:container/${cluster}/${id}/1`, taskArn, name, image, lastStatus: 'PENDING' },
    ],
    overrides: { containerOverrides: input.overrides?.containerOverrides ?? [] },
    group: input.group ?? `family:${definition.family}`,
    launchType: input.launchType ?? 'FARGATE',
    cpu,
    memory,
    version: 1,
    ...(input.startedBy !== undefined && { startedBy: input.startedBy }),
    createdAt: now,
    updatedAt: now,
  };
}

/** The task after something happened to it. */
export function changed(
  task: Task,
  now: number,
  change: Partial<Task>,
  container: Partial<Container> = {},
): Task {
  const lastStatus = change.lastStatus ?? task.lastStatus;
  return {
    ...task,
    ...change,
    version: task.version + 1,
    updatedAt: now,
    containers: task.containers.map((one) => ({ ...one, lastStatus, ...container })),
  };
}

const TIMES = ['createdAt', 'updatedAt', 'startedAt', 'stoppingAt', 'stoppedAt'] as const;

/** The task with its times as `convert` puts them: API, events and histories each write them differently. */
export function withTimes(task: Task, convert: (time: number) => unknown): Record<string, unknown> {
  const given = TIMES.filter((name) => task[name] !== undefined);
  return { ...task, ...Object.fromEntries(given.map((name) => [name, convert(task[name] as number)])) };
}
