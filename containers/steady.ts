import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '#core/fault.ts';

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
const PATIENCE = 15 * 60_000;

const PASSING = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'TimeoutError',
  'NetworkingError',
  'ThrottlingException',
  'ProvisionedThroughputExceededException',
  'TransactionConflictException',
  'RequestTimeout',
  'SlowDown',
];

/** Repeats what nobody answered until somebody does, for a quarter of an hour: the other side may be restarting. */
export async function untilAnswered<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const until = Date.now() + PATIENCE;
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted || !isPassing(error) || Date.now() > until) throw error;
      await sleep(wait, undefined, { signal });
    }
  }
}

/** The same port, each of whose calls is repeated until it is answered. Only for calls that may be made twice. */
export function steady<T extends object>(port: T, signal?: AbortSignal): T {
  const entries = Object.entries(port).map(([name, call]) => [
    name,
    (...args: unknown[]) =>
      untilAnswered(() => (call as (...given: unknown[]) => Promise<unknown>)(...args), signal),
  ]);
  return Object.fromEntries(entries) as T;
}

function isPassing(error: unknown): boolean {
  if (error instanceof Fault) return error.code === 'Unavailable';
  const {
    name = '',
    code = '',
    $metadata,
  } = error as { name?: string; code?: string; $metadata?: { httpStatusCode?: number } };
  return PASSING.includes(name) || PASSING.includes(code) || ($metadata?.httpStatusCode ?? 0) >= 500;
}
