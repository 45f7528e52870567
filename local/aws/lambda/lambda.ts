import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { Store } from '../../store.ts';
import { AwsError, type Invoke, type Rest } from '../service.ts';
import {
  asyncPolicyOf,
  type Definition,
  type FunctionProperties,
  functionName,
  functionOf,
} from './function.ts';
import { later } from './later.ts';
import { lambdaRest } from './rest.ts';
import { MAX_PAYLOAD, type Run, runner } from './run.ts';

export interface Lambda {
  rest: Rest;
  /** `source` names the file that runs, from the root; a function without one can be named but not invoked. */
  define(name: string, properties: FunctionProperties, source?: string): void;
  /** AWS::Lambda::EventInvokeConfig. */
  configure(properties: Record<string, unknown>): void;
  invoke: Invoke;
  /** Accepts an invocation durably and answers its request id; it joins the transaction that is open. */
  invokeLater(name: string, payload: unknown): string;
  /** Of every function, since the start of this process. */
  counts(): Counts[];
  /** Takes up what was accepted before the last stop. */
  resume(): void;
  /** Lets running functions end, for at most `seconds`. */
  stop(seconds?: number): Promise<void>;
}

export interface Counts {
  name: string;
  source: string | undefined;
  invocations: number;
  errors: number;
  running: number;
}

interface Options {
  store: Store;
  clock: Clock;
  /** The folder that sources are named from. */
  root: string;
  /** What every function's environment begins with. */
  environment: Record<string, string>;
  /** Hands the record of an asynchronous invocation to its destination; runs inside a transaction. */
  deliver(destinationArn: string, record: unknown, attributes?: Record<string, string>): void;
}

const MAX_LATER_PAYLOAD = 1_048_576;

/** Lambda over the sources that the template names, in this process. Output goes to `logs/functions/NAME.log`. */
export function lambda({ store, clock, root, environment, deliver }: Options): Lambda {
  const definitions = new Map<string, Definition>();
  const logs = join(store.folder, 'logs', 'functions');
  mkdirSync(logs, { recursive: true });
  const write = (name: string, text: string) => {
    try {
      appendFileSync(join(logs, `${name}.log`), text);
    } catch {
      // A full disk must not look like a failure of the function; the next commit says what is wrong.
    }
  };
  const counter = counted(runner({ root, clock, environment, write }));
  const run = (name: string, payload: string, id: string) => counter.run(find(name), payload, id);
  const definition = (name: string) => definitions.get(name);
  const queue = later({ store, clock, definition, deliver, run });

  function find(given: string): Definition {
    const name = functionName(given);
    const found = definitions.get(name);
    if (found) return found;
    const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
    throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
  }

  const invoke: Invoke = async (name, payload) =>
    JSON.parse(await run(name, sent(payload, MAX_PAYLOAD), randomUUID()));
  const invokeLater = (name: string, payload: unknown) =>
    queue.add(find(name), sent(payload, MAX_LATER_PAYLOAD));

  return {
    define: (name, properties, source) => void definitions.set(name, functionOf(name, properties, source)),
    configure: (properties) => {
      const definition = find(String(properties.FunctionName));
      definition.async = asyncPolicyOf(properties, definition.async);
    },
    invoke,
    invokeLater,
    rest: lambdaRest({ invoke, invokeLater, find }),
    counts: () =>
      [...definitions.values()].map(({ name, source }) => ({ name, source, ...counter.of(name) })),
    resume: queue.resume,
    stop: async (seconds = 10) => {
      queue.stop();
      await counter.ended(seconds);
    },
  };
}

type Count = Omit<Counts, 'name' | 'source'>;

/** Counts what runs: a function with reserved concurrency turns away what is beyond it. */
function counted(inner: Run): { run: Run; of(name: string): Count; ended(seconds: number): Promise<void> } {
  const counts = new Map<string, Count>();
  const ends = new Set<Promise<unknown>>();
  const of = (name: string) => counts.get(name) ?? { invocations: 0, errors: 0, running: 0 };

  const run: Run = async (definition, payload, requestId) => {
    const { name, reserved = Number.POSITIVE_INFINITY } = definition;
    const count = of(name);
    if (count.running >= reserved) throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
    counts.set(name, count);
    count.invocations += 1;
    count.running += 1;
    const end = inner(definition, payload, requestId);
    ends.add(end);
    end.catch(() => {
      count.errors += 1;
    });
    return end.finally(() => {
      count.running -= 1;
      ends.delete(end);
    });
  };

  async function ended(seconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const patience = setTimeout(resolve, seconds * 1000);
    await Promise.race([Promise.allSettled(ends), promise]);
    clearTimeout(patience);
  }

  return { run, of, ended };
}

function sent(payload: unknown, limit: number): string {
  const text = JSON.stringify(payload ?? {});
  const size = Buffer.byteLength(text);
  if (size <= limit) return text;
  const message = `${size} byte payload is too large for the Invoke operation (limit ${limit} bytes)`;
  throw new AwsError('RequestTooLargeException', message, 413);
}
