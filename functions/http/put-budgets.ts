import * as z from 'zod/mini';
import { dynamoSpend } from '#adapters/dynamodb/spend.ts';
import { log } from '#adapters/log.ts';
import { Caps } from '#core/agents/caps.ts';
import type { Spend } from '#core/agents/spend.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow } from '#core/people/principal.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({ RUNS_TABLE: z.string() });
export type Env = z.infer<typeof Env>;

/** PUT /api/budgets, by an admin: what models may cost from the next call on. What is not named stays as it is. */
export function putBudgets(principalOf: PrincipalOf, spend: Pick<Spend, 'caps' | 'setCaps'>): Route {
  return async (request) => {
    const principal = await principalOf(request);
    allow(principal, 'admin');
    const changed = parseJson(Caps.partial(), request.text);
    const caps = { ...(await spend.caps(principal.org)), ...changed };
    inOrder(caps);
    await spend.setCaps(principal.org, caps);
    log.info('budgets changed', { org: principal.org, by: principal.id, caps });
    return { status: 200, body: { caps } };
  };
}

/** A wider cap below a narrower one would stop work by surprise. */
function inOrder({ call, run, ticket, day }: Caps): void {
  if (call <= run && run <= ticket && ticket <= day) return;
  throw new Fault(
    'Invalid',
    'A call may cost at most what a run may, a run what a ticket may, a ticket what a day may; set them together',
  );
}

export const handler = http(Env, async (env) =>
  putBudgets(await principalsFrom(env), dynamoSpend(env.RUNS_TABLE)),
);
