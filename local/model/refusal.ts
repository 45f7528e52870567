/** A request that the API answers with an error. */
export interface Refusal extends Error {
  status: number;
}

const TYPES: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

export function refusal(status: number, message: string): Refusal {
  return Object.assign(new Error(message), { status });
}

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && typeof (error as Partial<Refusal>).status === 'number';
}

/** An error as the API words it in JSON. */
export function errorBody(status: number, message: string, requestId: string) {
  return { type: 'error', error: { type: TYPES[status] ?? 'api_error', message }, request_id: requestId };
}
