import type { Middleware } from '@anthropic-ai/sdk/client';

/** Seconds that a request waits where it is. */
const LONGEST = 60;

/** Seconds after which waiting is for a person to decide. */
export const TOO_LONG = 600;

/** Seconds for which a provider wants to be left alone. */
export function retryAfter(headers: Headers | undefined): number {
  const said = headers?.get('retry-after') ?? '';
  const seconds = Number(said) || (Date.parse(said) - Date.now()) / 1_000;
  return Number.isNaN(seconds) ? 0 : seconds;
}

/** The SDK would sleep for as long as a provider says, be it a day. */
export const noLongSleep: Middleware = async (request, next) => {
  const response = await next(request);
  if (response.ok || retryAfter(response.headers) <= LONGEST) return response;
  const headers = new Headers(response.headers);
  headers.set('x-should-retry', 'false');
  return new Response(response.body, { status: response.status, headers });
};
