import * as z from 'zod/mini';
import { secret } from '#adapters/aws/secrets.ts';
import { clock as machineClock } from '#adapters/clock.ts';
import { dynamoDeliveries } from '#adapters/dynamodb/deliveries.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { parseJson } from '#core/parse.ts';
import { allow } from '#core/people/principal.ts';
import type { Clock, Deliveries } from '#core/ports.ts';
import { type Gap, type OurHook, ourHooks, repairGaps } from '../gaps.ts';
import { http, type Route } from '../http.ts';
import { PrincipalEnv, type PrincipalOf, principalsFrom } from '../principal.ts';

export const Env = PrincipalEnv.extend({
  DELIVERIES_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  FORGE_SECRET_ARN: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  principalOf: PrincipalOf;
  deliveries: Pick<Deliveries, 'find'>;
  hooksOf: (org: string) => Promise<OurHook[]>;
  clock: Clock;
}

const HOUR = 3_600_000;
/** GitHub repeats nothing that is older than three days. */
const Body = z.strictObject({
  hours: z._default(z.number().check(z.minimum(0), z.maximum(72)), 24),
});
/** API Gateway gives up after 30 s. */
const PATIENCE_MS = 20_000;

/** POST /api/deliveries/repair, by a lead: what the forge has told this organization and nobody has taken is sent again. */
export function repairDeliveries({ principalOf, deliveries, hooksOf, clock }: Needs): Route {
  return async (request) => {
    const principal = await principalOf(request);
    allow(principal, 'lead');
    const { hours } = parseJson(Body, request.text || '{}');
    const now = clock.now().getTime();
    const given = { since: new Date(now - hours * HOUR), until: new Date(now + PATIENCE_MS) };
    const hooks = await hooksOf(principal.org);
    const gaps: Gap[] = [];
    let isWhole = true;
    for (const hook of hooks) {
      const found = await repairGaps(hook, given, { deliveries, clock });
      gaps.push(...found.gaps);
      isWhole &&= found.isWhole;
    }
    return { status: 200, body: { webhooks: hooks.length, gaps, isWhole } };
  };
}

export const handler = http(Env, async (env) => {
  const projects = dynamoProjects(env.PROJECTS_TABLE);
  return repairDeliveries({
    principalOf: await principalsFrom(env),
    deliveries: dynamoDeliveries(env.DELIVERIES_TABLE),
    hooksOf: async (org) =>
      ourHooks(await secret(env.FORGE_SECRET_ARN), { org, projects, publicUrl: env.PUBLIC_URL }),
    clock: machineClock,
  });
});
