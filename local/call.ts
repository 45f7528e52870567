import { type Operations, refuse } from './aws/service.ts';

/** Calls an operation from inside, as a request from outside would. */
export function call(
  operations: Operations,
  name: string,
  input: object,
  signal: AbortSignal = new AbortController().signal,
): unknown {
  const operation = operations[name] ?? refuse(name);
  return operation(input, { signal });
}
