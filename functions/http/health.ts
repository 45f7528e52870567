import * as z from 'zod/mini';
import { http, type Route } from '../http.ts';

export const Env = z.object({});
export type Env = z.infer<typeof Env>;

/** GET /health: the front door answers. It looks at nothing behind it, so that whoever asks often costs nothing. */
export function health(): Route {
  return async () => ({ status: 200, body: { status: 'ok' } });
}

export const handler = http(Env, async () => health());
