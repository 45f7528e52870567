import { randomBytes } from 'node:crypto';
import type { State } from './definition.ts';
import { textOf } from './history.ts';
import { argumentsOf, isPath } from './jsonpath/flow.ts';
import { fail, succeed } from './outcome.ts';
import { resourceOf } from './resource.ts';
import {
  answer,
  emit,
  type Failure,
  type Run,
  type Scope,
  stateOf,
  type Task,
  withinLimit,
} from './scope.ts';
import { typed } from './typed.ts';

/** Schedules a task: its arguments are fixed, its deadlines run, its token (a new one each attempt) is open. */
export async function schedule(run: Run, scope: Scope): Promise<void> {
  const state = stateOf(run, scope);
  const resource = resourceOf(state.Resource as string);
  const isInternal = resource.integration === 'states:startExecution' && resource.mode === 'sync';
  const token = resource.mode === 'waitForTaskToken' || isInternal ? newToken() : undefined;
  scope.task = { arguments: undefined, resource, token };
  const args = isPath(run, scope) ? argumentsOf(run, scope) : await ownArguments(run, scope, state);
  scope.task.arguments = withinLimit(args, scope);
  const timeout = (await typed(run, scope, 'TimeoutSeconds', 'integer')) as number | undefined;
  const heartbeat = (await typed(run, scope, 'HeartbeatSeconds', 'integer')) as number | undefined;
  emit(run, scope, scheduled(scope.task, timeout, heartbeat));
  const { journal } = run;
  if (timeout !== undefined) journal.timer(scope.path, 'timeout', run.now() + timeout * 1000);
  if (heartbeat !== undefined) journal.timer(scope.path, 'heartbeat', run.now() + heartbeat * 1000);
  if (token) journal.open(token, scope.path, heartbeat);
  scope.phase = 'start';
  journal.save(scope.path, scope);
  run.ready.push(scope);
}

async function ownArguments(run: Run, scope: Scope, state: State): Promise<unknown> {
  return 'Arguments' in state ? answer(run, scope, 'Arguments', state.Arguments) : scope.input;
}

/** Tokens look like nothing else, so that what is no token can be told from one that is over. */
function newToken(): string {
  return `AQCEAAAAKgAAAAMAAAAA${randomBytes(48).toString('base64url')}`;
}

function scheduled(
  { resource, arguments: args }: Task,
  timeout?: number,
  heartbeat?: number,
): { type: string; details: object } {
  const limits = {
    ...(timeout !== undefined && { timeoutInSeconds: timeout }),
    ...(heartbeat !== undefined && !resource.functionArn && { heartbeatInSeconds: heartbeat }),
  };
  if (resource.functionArn)
    return {
      type: 'LambdaFunctionScheduled',
      details: { ...textOf('input', args), resource: resource.functionArn, ...limits },
    };
  const details = { ...words(resource), region: 'us-east-1', parameters: JSON.stringify(args), ...limits };
  return { type: 'TaskScheduled', details };
}

function words(resource: Task['resource']): object {
  return resource.functionArn ? {} : { resourceType: resource.type, resource: resource.action };
}

/** The task's own event types: a function's ARN as the resource has other names for them. */
function event(
  task: Task,
  kind: 'Started' | 'Succeeded' | 'Failed' | 'TimedOut',
  more?: object,
): { type: string; details?: object } {
  if (!task.resource.functionArn)
    return { type: `Task${kind}`, details: { ...words(task.resource), ...more } };
  return { type: `LambdaFunction${kind}`, details: more };
}

/** Starts a scheduled task: from here a crash repeats the call, until its result is written down. */
export function start(run: Run, scope: Scope): void {
  emit(run, scope, event(scope.task as Task, 'Started'));
  scope.phase = 'busy';
  run.journal.pend(scope.path, 'call', true);
  run.journal.save(scope.path, scope);
  run.calls.push(scope);
}

/** The call came back. A task with a token goes on waiting for that; any other has its result. */
export async function called(
  run: Run,
  scope: Scope,
  result: { output: unknown } | { failure: Failure },
): Promise<void> {
  const task = scope.task as Task;
  run.journal.pend(scope.path, 'call', false);
  if ('failure' in result || !task.token) return settle(run, scope, result);
  emit(run, scope, {
    type: 'TaskSubmitted',
    details: { ...words(task.resource), ...textOf('output', result.output) },
  });
  run.journal.save(scope.path, scope);
}

/** Ends a task with its result or its failure; nobody else can answer it from here on. */
export async function settle(
  run: Run,
  scope: Scope,
  result: { output: unknown } | { failure: Failure },
): Promise<void> {
  const task = scope.task as Task;
  release(run, scope, task);
  if ('failure' in result) {
    const { error, cause } = result.failure;
    const kind = error === 'States.Timeout' && result.failure.heartbeat !== undefined ? 'TimedOut' : 'Failed';
    emit(run, scope, event(task, kind, { error, cause }));
    return fail(run, scope, result.failure);
  }
  const output = task.resource.functionArn ? (result.output as { Payload: unknown }).Payload : result.output;
  withinLimit(output, scope);
  emit(run, scope, event(task, 'Succeeded', textOf('output', output ?? null)));
  await succeed(run, scope, output ?? null);
}

function release({ journal }: Run, scope: Scope, task: Task): void {
  for (const kind of ['timeout', 'heartbeat'] as const) journal.timer(scope.path, kind);
  journal.pend(scope.path, 'call', false);
  if (!task.token) return;
  journal.pend(scope.path, 'answer', false);
  journal.close(task.token);
}

/** A deadline of the task has passed. AWS reports a missed heartbeat as States.Timeout too. */
export function timedOut(run: Run, scope: Scope, kind: 'timeout' | 'heartbeat'): Promise<void> {
  run.ended.push(scope.path);
  return settle(run, scope, { failure: { error: 'States.Timeout', heartbeat: kind === 'heartbeat' } });
}
