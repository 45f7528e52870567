import { createHash } from 'node:crypto';
import * as z from 'zod';
import { clock as machineClock } from '#adapters/clock.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import type { Artifacts, Clock, Delivery, Tickets } from '#core/ports.ts';
import { CheckRecord, keyOf, RecordCheck, Seen, type TapRef } from '#core/taps/check.ts';
import { changesBetween, sentence } from '#core/taps/drift.ts';
import { type Drift, reported } from '#core/taps/report.ts';
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
type Finding = Omit<CheckRecord, 'check' | 'at'>;

const JSON_TYPE = 'application/json';

/**
 * Compares a tap's catalog with its baseline: the first becomes it; a change files one ticket, and then is the baseline.
 * The ticket comes first and the baseline last: broken off anywhere and called again, it ends the same.
 */
export function recordCheck(needs: Needs) {
  return async ({ check, looked, ...tap }: Input): Promise<Output> => {
    const { artifacts, clock } = needs;
    const found = looked.state === 'discovered' ? await compare({ tap, check, ...looked }, needs) : looked;
    if ('earlier' in found) return found.earlier;
    const { baseline, ...finding } = { baseline: undefined, ...found };
    const record: CheckRecord = { ...finding, check, at: clock.now().toISOString() };
    await artifacts.put(keyOf.record(tap), JSON.stringify(record, null, 1), JSON_TYPE);
    if (baseline) await artifacts.put(keyOf.baseline(tap), baseline, JSON_TYPE);
    return RecordCheck.output.parse(record);
  };
}

type Found = (Finding & { baseline: string }) | { earlier: Output };

/** What was found, with the baseline from now on; or what this very check recorded earlier, if it came to its end. */
async function compare(
  { tap, check, commit }: { tap: TapRef; check: string; commit: string },
  needs: Needs,
): Promise<Found> {
  const { artifacts } = needs;
  const baseline = await artifacts.text(keyOf.discovered(tap, commit));
  const last = await stored(keyOf.baseline(tap), artifacts);
  if (last === undefined) return { state: 'first', commit, baseline };
  if (last === baseline) {
    const record = await stored(keyOf.record(tap), artifacts);
    const earlier = record && parseJson(CheckRecord, record);
    if (earlier && earlier.check === check) return { earlier: RecordCheck.output.parse(earlier) };
  }
  const [before, after] = [parseJson(Seen, last), parseJson(Seen, baseline)];
  const changes = changesBetween(before.shape, after.shape);
  if (changes.length === 0) return { state: 'same', commit, baseline };
  const ticketId = await file({ tap, before, after, changes }, needs);
  const told = changes.map((change) => ({ ...change, text: sentence(change) }));
  return { state: 'drift', commit, changes: told, ticketId, baseline };
}

async function stored(key: string, artifacts: Needs['artifacts']): Promise<string | undefined> {
  try {
    return await artifacts.text(key);
  } catch (error) {
    if (error instanceof Fault && error.code === 'NotFound') return undefined;
    throw error;
  }
}

/** Takes the drift in as a webhook is taken in: a delivery and its ticket, once. */
async function file(drift: Drift, { tickets, clock }: Needs): Promise<string> {
  const now = clock.now().toISOString();
  const draft = reported(drift, now);
  const { org, externalId: id, body } = draft;
  const raw = Buffer.from(JSON.stringify({ id, body }));
  const delivery: Delivery = {
    org,
    source: 'drift',
    id,
    bodyHash: createHash('sha256').update(raw).digest('hex'),
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
