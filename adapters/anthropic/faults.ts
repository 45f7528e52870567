import { AnthropicError, APIConnectionError, APIError } from '@anthropic-ai/sdk/error';
import { Fault, type FaultCode } from '#core/fault.ts';
import { retryAfter, TOO_LONG } from './retry-after.ts';

const CODES: Record<number, FaultCode> = {
  401: 'Unauthorized',
  402: 'OverBudget',
  403: 'Unauthorized',
  408: 'Unavailable',
  409: 'Unavailable',
  429: 'Unavailable',
};

/** What went wrong, as the model port promises it. Our own abort and our own bugs are passed on as they are. */
export function fault(error: unknown): unknown {
  if (error instanceof Fault) return error;
  if (isTimeout(error))
    return new Fault('Unavailable', `The model did not answer: ${error.message}`, { cause: error });
  if (error instanceof APIConnectionError) {
    return new Fault('Unavailable', 'The model provider cannot be reached', { cause: error });
  }
  if (error instanceof APIError) return refused(error);
  if (error instanceof AnthropicError) {
    return new Fault('Unavailable', `The model's answer broke off: ${error.message}`, { cause: error });
  }
  return error;
}

/** Whether an answer began and did not come to its end. What never began, the SDK has repeated already. */
export function brokeOff(error: unknown): boolean {
  if (error instanceof APIConnectionError) return false;
  if (error instanceof APIError) return error.status === undefined;
  return error instanceof AnthropicError || (isTimeout(error) && error.name !== 'TimeoutError');
}

/** An error event inside a stream has no status; it is the provider's own trouble. */
function refused(error: APIError): Fault {
  const { status, headers } = error;
  const wait = retryAfter(headers);
  if (wait > TOO_LONG)
    return new Fault(
      'TooMany',
      `${answered(error)}; it takes nothing before ${new Date(Date.now() + wait * 1_000).toISOString()}`,
      { cause: error },
    );
  const code = status === undefined || status >= 500 ? 'Unavailable' : (CODES[status] ?? 'Invalid');
  return new Fault(code, answered(error), { cause: error });
}

function answered({ error, message, status }: APIError): string {
  const inner = (error as { error?: { message?: unknown } } | undefined)?.error?.message;
  return `The model provider answered ${status ?? 'an error'}: ${String(inner ?? message).slice(0, 500)}`;
}

/** From our watchdogs: an idle stream, or a turn that took too long. */
function isTimeout(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof AnthropicError) return false;
  return error.name === 'TimeoutError' || error.message.startsWith('the model said nothing');
}
