import { createHash } from 'node:crypto';
import * as z from 'zod';
import { clock as machineClock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { Fault } from '#core/fault.ts';
import type { Artifacts, Clock, Delivery, Tickets } from '#core/ports.ts';
import { catalogKey, RecordCheck, type TapRef } from '#core/taps/check.ts';
import { type Change, changesBetween, fingerprint, Shape } from '#core/taps/drift.ts';
import { accept } from '#core/tickets/accept.ts';
import { task } from '../task.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  ARTIFACTS_BUCKET: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  artifacts: Pick<Artifacts, 'text' | 'put'>;
  tickets: Pick<Tickets, 'accept'>;
  clock: Clock;
}

type Input = z.infer<typeof RecordCheck.input>;
type Output = z.infer<typeof RecordCheck.output>;

/** Compares a tap's catalog with its baseline: the first becomes it; a change files one ticket, and then is the baseline. */
export function recordCheck(needs: Needs) {
  return async ({ looked, ...tap }: Input): Promise<Output> => {
    if (looked.state === 'inconclusive') return { state: 'inconclusive' };
    const { artifacts } = needs;
    const found = await artifacts.text(looked.key);
    const baseline = catalogKey(tap, 'baseline');
    const before = await artifacts.text(baseline).catch(missing);
    if (before === found) return { state: 'same' };
    const changes = before
      ? changesBetween(Shape.parse(JSON.parse(before)), Shape.parse(JSON.parse(found)))
      : [];
    const ticketId =
      changes.length > 0 ? await file(tap, { changes, commit: looked.commit }, needs) : undefined;
    await artifacts.put(baseline, found, 'application/json');
    if (!before) return { state: 'first' };
    return ticketId ? { state: 'drift', ticketId } : { state: 'same' };
  };
}

function missing(error: unknown): undefined {
  if (error instanceof Fault && error.code === 'NotFound') return undefined;
  throw error;
}

/** One ticket per drift: the same changes found again are the same ticket. */
async function file(
  { org, repository }: TapRef,
  { changes, commit }: { changes: Change[]; commit: string },
  { tickets, clock }: Needs,
): Promise<string> {
  const now = clock.now().toISOString();
  const id = `drift:${repository}:${fingerprint(changes)}`;
  const list = changes.map(({ severity, text }) => `- ${severity}: ${text}`).join('\n');
  const body = `The catalog that ${repository} discovers at ${commit.slice(0, 12)} is not the one of the last check.\n\n${list}`;
  const draft = {
    org,
    source: 'drift' as const,
    externalId: id,
    title:
      `${repository}: ${changes.length} schema ${changes.length === 1 ? 'change' : 'changes'}, the worst ${changes[0]?.severity}`.slice(
        0,
        300,
      ),
    body: body.slice(0, 60_000),
    reporter: { name: 'weekly schema check' },
    labels: [],
    concerns: [repository],
    type: 'schema_drift' as const,
    priority: changes[0]?.severity === 'breaking' ? ('high' as const) : ('low' as const),
    openedAt: now,
  };
  const raw = Buffer.from(JSON.stringify({ id, changes }));
  const bodyHash = createHash('sha256').update(raw).digest('hex');
  const delivery: Delivery = {
    org,
    source: 'drift',
    id,
    bodyHash,
    headers: {},
    body: raw.toString('base64'),
    receivedAt: now,
  };
  return (await accept(draft, delivery, tickets)).ticket.id;
}

export const handler = task(RecordCheck, Env, async (env) =>
  recordCheck({
    artifacts: s3Artifacts(env.ARTIFACTS_BUCKET),
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    clock: machineClock,
  }),
);
