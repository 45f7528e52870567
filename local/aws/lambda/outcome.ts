import { AwsError, FunctionError } from '../service.ts';
import type { AsyncPolicy } from './function.ts';

/** An accepted asynchronous invocation, as the store keeps it. */
export interface Pending {
  id: string;
  name: string;
  payload: string;
  /** Times it has failed. */
  failures: number;
  created: number;
  due: number;
}

/** What a failed attempt leads to: another one at `due`, or the end. */
export type Outcome =
  | { again: true; failures: number; due: number }
  | { again: false; failures: number; condition: string; result: string };

const MINUTE = 60_000;

/** Lambda's rules: retries after one and two minutes; a throttle is no attempt and waits for as long again, to five minutes. */
export function outcome(pending: Pending, error: unknown, policy: AsyncPolicy, now: number): Outcome {
  const throttled = error instanceof AwsError;
  const failures = pending.failures + (throttled ? 0 : 1);
  const age = now - pending.created;
  const wait = throttled ? Math.min(Math.max(1000, age), 5 * MINUTE) : failures * MINUTE;
  const exhausted = failures > policy.retries;
  if (!exhausted && age + wait <= policy.maxAgeSeconds * 1000)
    return { again: true, failures, due: now + wait };
  const result =
    error instanceof FunctionError ? error.payload : JSON.stringify({ errorMessage: String(error) });
  return { again: false, failures, condition: exhausted ? 'RetriesExhausted' : 'EventAgeExceeded', result };
}

/** What a destination is told. */
export function record(
  { id, payload, failures }: Pending,
  arn: string,
  { condition, result, now }: { condition: string; result: string; now: number },
): unknown {
  const ok = condition === 'Success';
  return {
    version: '1.0',
    timestamp: new Date(now).toISOString(),
    requestContext: {
      requestId: id,
      functionArn: `${arn}:$LATEST`,
      condition,
      approximateInvokeCount: failures + (ok ? 1 : 0),
    },
    requestPayload: JSON.parse(payload),
    responseContext: {
      statusCode: 200,
      executedVersion: '$LATEST',
      ...(!ok && { functionError: 'Unhandled' }),
    },
    responsePayload: JSON.parse(result),
  };
}

/** The message attributes with which a dead-letter queue gets the bare payload. */
export function deadLetterAttributes(id: string, result: string): Record<string, string> {
  const { errorMessage } = JSON.parse(result) as { errorMessage?: string };
  return { RequestID: id, ErrorCode: '200', ErrorMessage: String(errorMessage).slice(0, 1024) };
}
