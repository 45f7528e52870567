import { AwsError, FunctionError } from '../aws/service.ts';
import type { Happening } from './interpreter.ts';
import { resourceOf, serviceError } from './resource.ts';
import type { Failure, Scope, Task } from './scope.ts';

/** What an integration is told beside its arguments. */
export interface CallContext {
  /** Aborted when the task timed out, its execution ended, or a sibling failed; and when this process stops. */
  signal: AbortSignal;
  mode: 'requestResponse' | 'sync' | 'waitForTaskToken';
  /** The action with its suffix: `runTask.sync`, `startExecution.sync:2`. */
  action: string;
  executionArn: string;
  /** The same for every repetition of one attempt after a crash: a client token for what must happen once. */
  attempt: string;
  /** What to answer with SendTaskSuccess or SendTaskFailure; only where the task waits for it. */
  token?: string;
}

/**
 * By service and action (`lambda:invoke`, `ecs:runTask`): answers what the API call answers, names capitalised as in
 * histories (`lambda:invoke`: `{ StatusCode, ExecutedVersion, Payload }` with the payload parsed). A call that was in
 * flight when the process died is made again.
 */
// biome-ignore lint/suspicious/noExplicitAny: each integration narrows its own arguments
export type Integrations = Record<string, (args: any, context: CallContext) => Promise<unknown>>;

interface InFlight {
  path: string;
  stop: AbortController;
}

/** Makes the calls of tasks, outside of everything durable, and reports how they ended. */
export function calls(integrations: Integrations, report: (arn: string, happening: Happening) => void) {
  const inFlight = new Map<string, Set<InFlight>>();

  async function start(arn: string, scope: Pick<Scope, 'path' | 'visit' | 'task'>): Promise<void> {
    const { path, visit } = scope;
    const task = scope.task as Task;
    const mine: InFlight = { path, stop: new AbortController() };
    const all = inFlight.get(arn) ?? new Set();
    inFlight.set(arn, all.add(mine));
    const result = await outcome(arn, `${path}/${visit}`, { task, signal: mine.stop.signal });
    all.delete(mine);
    if (all.size === 0) inFlight.delete(arn);
    if (!mine.stop.signal.aborted) report(arn, { kind: 'called', path, visit, result });
  }

  async function outcome(
    arn: string,
    key: string,
    { task, signal }: { task: Task; signal: AbortSignal },
  ): Promise<{ output: unknown } | { failure: Failure }> {
    const { resource, token } = task;
    const integration = integrations[resource.integration];
    const args = resource.functionArn
      ? { FunctionName: resource.functionArn, Payload: task.arguments }
      : task.arguments;
    try {
      if (!integration)
        throw new AwsError('States.Runtime', `${resource.integration} is not implemented by the local AWS`);
      const context = {
        signal,
        mode: resource.mode,
        action: resource.action,
        executionArn: arn,
        attempt: `${arn}${key}`,
        token,
      };
      return { output: (await integration(args, context)) ?? null };
    } catch (error) {
      return { failure: failureOf(error as Error, resource.type) };
    }
  }

  /** Aborts the calls that nobody waits for any more. */
  function abort(arn: string, { below, at }: { below: string[]; at: string[] }): void {
    for (const call of inFlight.get(arn) ?? [])
      if (at.includes(call.path) || below.some((prefix) => call.path.startsWith(prefix))) call.stop.abort();
  }

  function stop(): void {
    for (const all of inFlight.values()) for (const call of all) call.stop.abort();
  }
  /** Calls once, for what only reads; a failure is the reading task's own. */
  async function read(resource: string, args: unknown): Promise<unknown> {
    const { integration, type, action, mode } = resourceOf(resource);
    const { signal } = new AbortController();
    try {
      return await integrations[integration]?.(args, { signal, mode, action, executionArn: '', attempt: '' });
    } catch (error) {
      const { error: code = '', cause = '' } = failureOf(error as Error, type);
      throw new AwsError('States.ItemReaderFailed', `${code}: ${cause}`);
    }
  }
  return { start, read, abort, stop };
}

/** A function's own error keeps its name; a service's is named and worded as in AWS's histories. */
function failureOf(error: Error, type: string): Failure {
  if (error instanceof FunctionError) return { error: error.name, cause: error.payload };
  if (!(error instanceof AwsError)) return { error: error.name, cause: error.message };
  if (error.code.startsWith('States.')) return { error: error.code, cause: error.message };
  return serviceError(type, error);
}
