import * as z from 'zod';
import { clock as machineClock } from '#adapters/clock.ts';
import { dynamoChecks } from '#adapters/dynamodb/checks.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import type { Artifacts, Clock, Projects, Tickets } from '#core/ports.ts';
import type { Repository } from '#core/projects/project.ts';
import { type Assessed, assess, withTicket } from '#core/taps/assess.ts';
import {
  Baseline,
  CheckRecord,
  keyOf,
  type Past,
  RecordCheck,
  type Seen,
  type TapRef,
} from '#core/taps/check.ts';
import { file, join, tellClosed } from '#core/taps/file.ts';
import type { Checks } from '#core/taps/ports.ts';
import { reported } from '#core/taps/report.ts';
import { SEVERITIES_VERSION } from '#core/taps/severity.ts';
import { isFinal, type Ticket } from '#core/tickets/ticket.ts';
import { seenAt, stored } from '../tap-files.ts';
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
  tickets: Pick<Tickets, 'accept' | 'follow' | 'find'>;
  projects: Pick<Projects, 'find'>;
  checks: Pick<Checks, 'put'>;
  clock: Clock;
}

type Input = z.infer<typeof RecordCheck.input>;
type Output = z.infer<typeof RecordCheck.output>;

const JSON_TYPE = 'application/json';

/**
 * Compares what a tap showed with its baseline, and files one ticket for what is new, unless one is worked on that can tell
 * of it. The ticket comes first and the baseline last: broken off anywhere and called again, it ends the same.
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
    const last = await stored(keyOf.record(tap), CheckRecord, needs.artifacts);
    if (baseline?.check === check && last?.check === check) return RecordCheck.output.parse(last);
    const { seen, digest } = await seenAt(tap, looked.commit, needs.artifacts);
    const isConfirming = isSecond && last?.check === check;
    const first = isConfirming ? last.changes.map(({ id }) => id) : undefined;
    const found = await conclude({ head: { ...head, seen: digest }, seen, baseline, first }, needs);
    return RecordCheck.output.parse(found);
  };
}

type Head = TapRef & Pick<CheckRecord, 'check' | 'began' | 'at' | 'severities' | 'seen'>;

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
  const known = await ticketsOf(head, baseline, needs);
  const found = assess(baseline, {
    ...{ seen, discovery, check: head.check, at: head.at },
    judgement: { consumers, overrides: project?.severities ?? {} },
    ...endsOf(known),
    ...(first && { first }),
  });
  const all = project?.repositories ?? [];
  const ticketId = await tell({ head, seen, found, known, all }, needs);
  const newest = found.baseline.past.at(-1) as Past;
  const next = ticketId === undefined ? found.baseline : withTicket(found.baseline, ticketId, found.fresh);
  const last = ticketId ?? next.open.at(-1)?.ticketId;
  const record = {
    ...head,
    ...{ ...stateOf(found.state, seen), commit: seen.commit, baseline: newest.commit },
    ...(last !== undefined && found.state === 'drift' && { ticketId: last }),
    ...(found.closed.length > 0 && { closed: found.closed }),
    ...summary(found.changes),
    ...(seen.discovery && { discovery: seen.discovery }),
    ...(found.unsure.length > 0 && { unsure: found.unsure }),
  };
  await keep(record, needs);
  if (found.state !== 'unconfirmed')
    await needs.artifacts.put(keyOf.baseline(head), JSON.stringify(next), JSON_TYPE);
  return record;
}

/** Ended without a merge by somebody's will; what is with a person has not ended. */
const UNMERGED = ['closed', 'declined', 'cancelled', 'answered'];

function endsOf(tickets: Ticket[]) {
  const ids = (is: (ticket: Ticket) => boolean) => tickets.filter(is).map(({ id }) => id);
  return {
    merged: ids(({ status }) => status === 'merged'),
    closed: ids(({ status }) => UNMERGED.includes(status)),
    alive: ids(({ status }) => !isFinal(status)),
  };
}

interface Telling {
  head: Head;
  seen: Seen;
  found: Assessed;
  /** Tickets of this tap's changes. */
  known: Ticket[];
  /** Repositories of its project. */
  all: Repository[];
}

/** Tells people what they have not been told; answers the ticket of what is fresh. */
async function tell({ head, seen, found, known, all }: Telling, needs: Needs): Promise<string | undefined> {
  const { fresh, closed, changes, baseline } = found;
  for (const ticket of known)
    if (closed.includes(ticket.id)) await tellClosed(ticket, head.at, needs.tickets);
  if (fresh.length === 0) return undefined;
  const alive = known.findLast(({ status }) => !isFinal(status));
  const own = baseline.open.find(({ ticketId }) => ticketId === alive?.id)?.ids ?? [];
  const drift = {
    tap: head,
    before: baseline.past.at(-1) as Past,
    after: seen,
    changes: changes.filter((one) => fresh.includes(one) || own.includes(one.id)),
    beside: all.filter(({ kind }) => kind === 'target' || kind === 'etl').map(({ fullName }) => fullName),
  };
  const draft = reported(drift, head.at);
  return alive ? join(alive, { draft, fresh }, needs.tickets) : file(draft, needs.tickets);
}

/** Without a sample that was to be taken, nobody knows that nothing has changed. */
function stateOf(
  state: CheckRecord['state'],
  { unsampled: reason }: Seen,
): Pick<CheckRecord, 'state' | 'reason'> {
  if (reason === undefined) return { state };
  return { state: state === 'same' ? 'inconclusive' : state, reason };
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
const baselineOf = (tap: TapRef, needs: Needs) => stored(keyOf.baseline(tap), Baseline, needs.artifacts);

/** The tickets of open changes, as they are now. */
async function ticketsOf(
  { org }: TapRef,
  baseline: Baseline | undefined,
  { tickets }: Needs,
): Promise<Ticket[]> {
  const ids = baseline?.open.map(({ ticketId }) => ticketId) ?? [];
  const found = await Promise.all(ids.map((id) => tickets.find(org, id)));
  return found.filter((one) => one !== undefined);
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
