import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../../clock.ts';
import { FunctionError } from '../service.ts';
import type { Definition } from './function.ts';
import { inSandbox, type Sandbox } from './sandbox.ts';

type Handler = (event: unknown, context: object) => unknown;

export interface Runtime {
  /** The folder that functions' sources are named from. */
  root: string;
  clock: Clock;
  /** What every function's environment begins with: endpoint, region, credentials. */
  environment: Record<string, string>;
  /** Where the function's output goes. */
  write(name: string, text: string): void;
}

/** The most that a synchronous invocation takes or answers, in bytes: 6 MB and some room, as Lambda reports it. */
export const MAX_PAYLOAD = 6_291_556;

/** Runs one invocation to its end and answers its result as JSON text. Throws {@link FunctionError}. */
export type Run = (definition: Definition, payload: string, requestId: string) => Promise<string>;

/** Runs functions in this process. One that is cut off by its timeout is no longer waited for, but cannot be killed. */
export function runner(runtime: Runtime): Run {
  const modules = new Map<string, Promise<Handler>>();
  const ownerOf = new Map<string, string>();

  async function load({ name, source }: Definition): Promise<Handler> {
    if (!source) throw new FunctionError('Runtime.ImportModuleError', `Function ${name} names no source`);
    const url = pathToFileURL(join(runtime.root, source));
    // A module keeps what it wired, so two functions of one source each get an instance of their own.
    if ((ownerOf.get(source) ?? name) !== name) url.searchParams.set('function', name);
    else ownerOf.set(source, name);
    const module = (await import(url.href).catch((error: Error) => {
      throw new FunctionError('Runtime.ImportModuleError', `${source}: ${error.message}`, trace(error));
    })) as { handler?: Handler };
    if (typeof module.handler === 'function') return module.handler;
    throw new FunctionError('Runtime.HandlerNotFound', `${source} exports no handler`);
  }

  async function loaded(definition: Definition): Promise<Handler> {
    const known = modules.get(definition.name);
    if (known !== undefined) return known;
    const loading = load(definition);
    modules.set(definition.name, loading);
    loading.catch(() => modules.delete(definition.name));
    return loading;
  }

  return (definition, payload, requestId) => {
    const sandbox: Sandbox = {
      env: { ...runtime.environment, ...reserved(definition), ...definition.environment },
      write: (text) => runtime.write(definition.name, text),
    };
    const call = async () => {
      const handler = await loaded(definition);
      const deadline = runtime.clock.now() + definition.timeoutSeconds * 1000;
      const context = contextOf(definition, requestId, () => deadline - runtime.clock.now());
      return handler(JSON.parse(payload), context);
    };
    return within(runtime.clock, definition, requestId, () => inSandbox(sandbox, call)).then(
      reported,
      (error) => {
        const failure = asFunctionError(error);
        sandbox.write(`ERROR\t${requestId}\t${failure.payload}\n`);
        throw failure;
      },
    );
  };
}

function within<T>(
  clock: Clock,
  { timeoutSeconds }: Definition,
  requestId: string,
  work: () => Promise<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const forget = clock.at(clock.now() + timeoutSeconds * 1000, () => {
    const message = `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
    reject(new FunctionError('Sandbox.Timedout', message));
  });
  work().then(resolve, reject);
  return promise.finally(forget);
}

/** What the function returned, as Lambda would send it on. */
function reported(result: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(result === undefined ? null : result);
  } catch (error) {
    throw new FunctionError('Runtime.MarshalError', `Unable to stringify response body: ${error}`);
  }
  if (Buffer.byteLength(text) <= MAX_PAYLOAD) return text;
  const message = `Response payload size exceeded maximum allowed payload size (${MAX_PAYLOAD} bytes).`;
  throw new FunctionError('Function.ResponseSizeTooLarge', message);
}

function asFunctionError(error: unknown): FunctionError {
  if (error instanceof FunctionError) return error;
  if (error instanceof Error) return new FunctionError(error.name, error.message, trace(error));
  return new FunctionError(typeof error, String(error));
}

function trace({ stack = '' }: Error): string[] {
  return stack.split('\n');
}

function reserved({ name, memoryMegabytes }: Definition): Record<string, string> {
  return {
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMegabytes),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
  };
}

function contextOf(
  { name, arn, memoryMegabytes }: Definition,
  requestId: string,
  remaining: () => number,
): object {
  return {
    awsRequestId: requestId,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    memoryLimitInMB: String(memoryMegabytes),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: remaining,
  };
}
