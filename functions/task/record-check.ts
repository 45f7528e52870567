import { createHash } from 'node:crypto';
import * as z from 'zod';
import { clock as machineClock } from '#adapters/clock.ts';
import { dynamoChecks } from '#adapters/dynamodb/checks.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import type { Artifacts, Clock, Delivery, Projects, Tickets } from '#core/ports.ts';
import { assess, withTicket } from '#core/taps/assess.ts';
import { Baseline, CheckRecord, keyOf, type Past, RecordCheck, Seen, type TapRef } from '#core/taps/check.ts';
import type { Checks } from '#core/taps/ports.ts';
import { reported } from '#core/taps/report.ts';
import { SEVERITIES_VERSION } from '#core/taps/severity.ts';
import { accept } from '#core/tickets/accept.ts';
import type { Draft } from '#core/tickets/ticket.ts';
import { task } from '../task.ts';

export const Env = z.object({
  TICKETS_TABLE: z.string(),
  DELIVERIES_TABLE: z.string(),
  PROJECTS_TABLE: z.string(),
  CHECKS_TABLE: z.string(),
  ARTIFACTS_BUCKET: z.string(),
});
export type Env = z.infer<typeof Env>;

interface Needs {
  artifacts: Pick<Artifacts, 'text' | 'put'>;
  tickets: Pick<Tickets, 'accept' | 'find'>;
  projects: Pick<Projects, 'find'>;
  checks: Pick<Checks, 'put'>;
  clock: Clock;
}

type Input = z.infer<typeof RecordCheck.input>;
type Output = z.infer<typeof RecordCheck.output>;

const JSON_TYPE = 'application/json';

/**
 * Compares what a tap showed with its baseline, and files one ticket for what is new. The ticket comes first and the
 * baseline last: broken off anywhere and called again, it ends the same.
 */
export function recordCheck(needs: Needs) {
  return async ({ looked, isSecond, ...asked }: Input): Promise<Output> => {
    const { org, projectId, repository, check, began } = asked;
    const tap = { org, projectId, repository };
    const at = needs.clock.now().toISOString();
    const head: Head = { ...tap, check, began, at, severities: SEVERITIES_VERSION };
    if (looked.state === 'inconclusive') {
      const record = { ...head, ...looked, ...summary([]) };
      await keep(record, needs);
      return RecordCheck.output.parse(record);
    }
    const baseline = await baselineOf(tap, needs);
    const last = await stored(keyOf.record(tap), CheckRecord, needs);
    if (baseline?.check === check && last?.check === check) return RecordCheck.output.parse(last);
    const seen = parseJson(Seen, await needs.artifacts.text(keyOf.discovered(tap, looked.commit)));
    const isConfirming = isSecond && last?.check === check;
    const first = isConfirming ? last.changes.map(({ id }) => id) : undefined;
    const found = await conclude({ head, seen, baseline, first }, needs);
    return RecordCheck.output.parse(found);
  };
}

type Head = TapRef & Pick<CheckRecord, 'check' | 'began' | 'at' | 'severities'>;

interface Case {
  head: Head;
  seen: Seen;
  baseline: Baseline | undefined;
  first: string[] | undefined;
}

/** What it comes to, with its ticket; kept, and from now on the baseline. */
async function conclude({ head, seen, baseline, first }: Case, needs: Needs): Promise<CheckRecord> {
  const project = await needs.projects.find(head.org, head.projectId);
  const repository = project?.repositories.find(({ fullName }) => fullName === head.repository);
  const { consumers = [], discovery = seen.discovery?.kind ?? 'static' } = repository ?? {};
  const found = assess(baseline, {
    ...{ seen, discovery, check: head.check, at: head.at },
    judgement: { consumers, overrides: project?.severities ?? {} },
    merged: await mergedOf(head, baseline, needs),
    ...(first && { first }),
  });
  const newest = found.baseline.past.at(-1) as Past;
  const beside = project?.repositories.filter(({ kind }) => kind === 'target' || kind === 'etl') ?? [];
  const drift = {
    tap: head,
    after: seen,
    changes: found.fresh,
    beside: beside.map(({ fullName }) => fullName),
  };
  const ticketId =
    found.fresh.length > 0 ? await file(reported({ ...drift, before: newest }, head.at), needs) : undefined;
  const next = ticketId === undefined ? found.baseline : withTicket(found.baseline, ticketId, found.fresh);
  const known = ticketId ?? next.open.at(-1)?.ticketId;
  const record = {
    ...head,
    ...{ state: found.state, commit: seen.commit, baseline: newest.commit },
    ...(known !== undefined && found.state === 'drift' && { ticketId: known }),
    ...summary(found.changes),
    ...(seen.discovery && { discovery: seen.discovery }),
    ...(found.unsure.length > 0 && { unsure: found.unsure }),
  };
  await keep(record, needs);
  if (found.state !== 'unconfirmed')
    await needs.artifacts.put(keyOf.baseline(head), JSON.stringify(next), JSON_TYPE);
  return record;
}

async function keep(record: CheckRecord, { artifacts, checks }: Needs): Promise<void> {
  await artifacts.put(keyOf.record(record), JSON.stringify(record, null, 1), JSON_TYPE);
  await checks.put(record);
}

function summary(changes: CheckRecord['changes']): Pick<CheckRecord, 'changes' | 'counts'> {
  const of = (which: string) => changes.filter(({ severity }) => severity === which).length;
  return {
    changes,
    counts: { breaking: of('breaking'), warning: of('warning'), information: of('information') },
  };
}

/** A baseline of an earlier form cannot be compared with: the next catalog is the first again. */
const baselineOf = (tap: TapRef, needs: Needs) => stored(keyOf.baseline(tap), Baseline, needs);

async function stored<T>(key: string, schema: z.ZodType<T>, { artifacts }: Needs): Promise<T | undefined> {
  const text = await textOf(key, artifacts);
  return schema.safeParse(text && JSON.parse(text)).data;
}

async function textOf(key: string, artifacts: Needs['artifacts']): Promise<string | undefined> {
  try {
    return await artifacts.text(key);
  } catch (error) {
    if (error instanceof Fault && error.code === 'NotFound') return undefined;
    throw error;
  }
}

/** Tickets of open changes whose pull requests were merged. */
async function mergedOf(tap: TapRef, baseline: Baseline | undefined, { tickets }: Needs): Promise<string[]> {
  const ids = baseline?.open.map(({ ticketId }) => ticketId) ?? [];
  const found = await Promise.all(ids.map((id) => tickets.find(tap.org, id)));
  return found.flatMap((one) => (one?.status === 'merged' ? [one.id] : []));
}

/** Takes the drift in as a webhook is taken in: a delivery and its ticket, once. */
async function file(draft: Draft, { tickets, clock }: Needs): Promise<string> {
  const { org, externalId: id, body } = draft;
  const raw = Buffer.from(JSON.stringify({ id, body }));
  const delivery: Delivery = {
    org,
    source: 'drift',
    id,
    bodyHash: createHash('sha256').update(raw).digest('hex'),
    headers: {},
    body: raw.toString('base64'),
    receivedAt: clock.now().toISOString(),
  };
  return (await accept(draft, delivery, tickets)).ticket.id;
}

export const handler = task(RecordCheck, Env, async (env) =>
  recordCheck({
    artifacts: s3Artifacts(env.ARTIFACTS_BUCKET),
    tickets: dynamoTickets(env.TICKETS_TABLE, env.DELIVERIES_TABLE),
    projects: dynamoProjects(env.PROJECTS_TABLE),
    checks: dynamoChecks(env.CHECKS_TABLE),
    clock: machineClock,
  }),
);
