import * as z from 'zod';
import { secret } from '#adapters/aws/secrets.ts';
import { clock } from '#adapters/clock.ts';
import { dynamoDeliveries } from '#adapters/dynamodb/deliveries.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { log } from '#adapters/log.ts';
import { Fault } from '#core/fault.ts';
import { ourHooks, repairGaps } from '../gaps.ts';
import { schedule } from '../schedule.ts';

export const Env = z.object({
  DELIVERIES_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  FORGE_SECRET_ARN: z.string(),
  PUBLIC_URL: z.url(),
  FIRST_ORG: z.string(),
});
export type Env = z.infer<typeof Env>;

/** Three hours back each hour: what one look leaves for later, the next one finds. */
const BACK_MS = 3 * 3_600_000;
const PATIENCE_MS = 4 * 60_000;

/** Every hour: asks the forge for what it has told the first organization and nobody has taken. */
export const handler = schedule(Env, async (env) => {
  const deliveries = dynamoDeliveries(env.DELIVERIES_TABLE);
  const projects = dynamoProjects(env.PROJECTS_TABLE);
  return async () => {
    const now = clock.now().getTime();
    const auth = await secret(env.FORGE_SECRET_ARN).catch(unlessSet);
    if (!auth) return;
    const given = { since: new Date(now - BACK_MS), until: new Date(now + PATIENCE_MS) };
    for (const hook of await ourHooks(auth, { org: env.FIRST_ORG, projects, publicUrl: env.PUBLIC_URL })) {
      const { gaps } = await repairGaps(hook, given, { deliveries, clock });
      for (const { guid, event, did } of gaps) log.warn('a delivery never came', { guid, event, did });
    }
  };
});

/** No forge, no gaps. */
function unlessSet(error: unknown): undefined {
  const isUnset =
    (error as Error).name === 'ResourceNotFoundException' ||
    (error instanceof Fault && error.code === 'Unavailable');
  if (!isUnset) throw error;
}
