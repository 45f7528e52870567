import * as z from 'zod/mini';
import { Fault } from '#core/fault.ts';
import { http, type Route } from '../http.ts';

export const Env = z.object({});
export type Env = z.infer<typeof Env>;

/** `$default`: what no route takes. */
export function notFound(): Route {
  return async () => {
    throw new Fault('NotFound', 'There is nothing at this address');
  };
}

export const handler = http(Env, async () => notFound());
