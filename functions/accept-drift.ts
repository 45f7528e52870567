import * as z from 'zod';
import { log } from '#adapters/log.ts';
import { Fault } from '#core/fault.ts';
import { parseJson } from '#core/parse.ts';
import { allow, nameOf } from '#core/people/principal.ts';
import type { Artifacts, Clock, Projects, Tickets } from '#core/ports.ts';
import { repositoryNamed } from '#core/projects/project.ts';
import { OPEN } from '#core/runs/conclude.ts';
import { type Acceptance, Baseline, CheckRecord, keyOf, type TapRef } from '#core/taps/check.ts';
import type { Checks } from '#core/taps/ports.ts';
import { acceptedBaseline } from '#core/taps/rebase.ts';
import type { TicketStatus } from '#core/tickets/ticket.ts';
import type { Route } from './http.ts';
import type { PrincipalOf } from './principal.ts';
import { seenAt, stored } from './tap-files.ts';

export interface AcceptNeeds {
  principalOf: PrincipalOf;
  projects: Pick<Projects, 'list'>;
  checks: Pick<Checks, 'history' | 'accept'>;
  tickets: Pick<Tickets, 'advance'>;
  artifacts: Pick<Artifacts, 'text' | 'put'>;
  clock: Clock;
}

const Body = z.strictObject({
  /** The one that was looked at: a newer one is not accepted unseen. */
  check: z.string().min(1).max(200),
  reason: z.string().trim().min(1).max(500).optional(),
});

/** POST /api/drift/{owner}/{name}/accept: a lead makes what the last check saw the baseline, and its tickets are closed. */
export function acceptDrift(needs: AcceptNeeds): Route {
  return async (request) => {
    const principal = await needs.principalOf(request);
    allow(principal, 'lead');
    const { org } = principal;
    const name = /^\/api\/drift\/([\w.-]{1,100}\/[\w.-]{1,100})\/accept$/.exec(request.event.rawPath)?.[1];
    const { check, reason } = parseJson(Body, request.text);
    const known = repositoryNamed(await needs.projects.list(org), name);
    if (!known) throw new Fault('NotFound', `${name} is no repository of any project`);
    const tap = { org, projectId: known.project.id, repository: known.repository.fullName };
    const at = needs.clock.now().toISOString();
    const accepted = { by: nameOf(principal), at, ...(reason && { reason }) };
    const record = await accept(tap, check, accepted, needs);
    log.info('a drift was accepted', { org, by: principal.id, repository: tap.repository, check });
    return { status: 200, body: { check: record } };
  };
}

/** A year of weeks. */
const KEPT = 52;

/** Broken off anywhere and called again, it ends the same: the note comes first and the baseline last. */
async function accept(tap: TapRef, check: string, acceptance: Acceptance, needs: AcceptNeeds) {
  const { artifacts, checks } = needs;
  const history = await checks.history(tap.org, tap.repository, KEPT);
  const record = history.find((one) => one.check === check);
  if (!record) throw new Fault('NotFound', `There is no check ${check} of ${tap.repository}`);
  const baseline = await stored(keyOf.baseline(tap), Baseline, artifacts);
  const newest = baseline?.past.at(-1);
  if (record.accepted && newest?.because === 'accepted' && newest.check === check) return record;
  refuseOther(record, history[0]);
  const whole = await stored(keyOf.record(tap), CheckRecord, artifacts);
  const { seen, digest } = await seenAt(tap, record.commit ?? '', artifacts);
  if (baseline?.check !== check || whole?.check !== check || digest !== whole.seen)
    throw new Fault(
      'Conflict',
      `${tap.repository} is or was looked at again since check ${check}: accept what the next one shows, signalbox drift run ${tap.repository}`,
    );
  const accepted = await checks.accept(record, acceptance);
  for (const { ticketId } of baseline.open) await close(tap.org, ticketId, accepted, needs);
  const next = acceptedBaseline(baseline, seen, whole, accepted.at);
  await artifacts.put(keyOf.baseline(tap), JSON.stringify(next), 'application/json');
  return { ...record, accepted };
}

function refuseOther({ check, state, reason }: CheckRecord, last: CheckRecord | undefined): void {
  const no = (why: string) => new Fault('Conflict', why);
  if (last?.check !== check) throw no(`Check ${last?.check} is newer than ${check}: look at that one first`);
  if (state === 'inconclusive')
    throw no(`Check ${check} is inconclusive, so it saw nothing that could be accepted: ${reason}`);
  if (state === 'unconfirmed')
    throw no(`What check ${check} saw is not confirmed yet: it is looked at again after ten minutes`);
  if (state !== 'drift') throw no(`Check ${check} saw no drift: there is nothing to accept`);
}

/** With a person, or at its forge: nobody of ours works on it. */
const IDLE: TicketStatus[] = ['in_review', 'escalated', 'failed'];

async function close(
  org: string,
  id: string,
  { by, reason }: Acceptance,
  { tickets }: AcceptNeeds,
): Promise<void> {
  const why = `${by} accepted the drift as the new baseline${reason ? `: ${reason}` : ''}`;
  const { changed } = await tickets.advance(org, id, OPEN, { status: 'cancelled', reason: why });
  if (!changed) await tickets.advance(org, id, IDLE, { status: 'closed', reason: why });
}
