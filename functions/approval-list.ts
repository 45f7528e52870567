import * as z from 'zod/mini';
import { type Approval, isOver } from '#core/approvals/approval.ts';
import { mayDecide } from '#core/approvals/decide.ts';
import { approvalMetrics } from '#core/approvals/metrics.ts';
import type { Approvals } from '#core/approvals/ports.ts';
import { approvalEntry } from '#core/approvals/view.ts';
import { parse } from '#core/parse.ts';
import { type Delegation, placeFor } from '#core/people/delegation.ts';
import type { People } from '#core/people/ports.ts';
import type { Principal } from '#core/people/principal.ts';
import type { Clock } from '#core/ports.ts';
import type { Request } from './http.ts';

interface Asked {
  approvals: Pick<Approvals, 'inbox' | 'history'>;
  people: Pick<People, 'delegations' | 'list'>;
  clock: Clock;
  principal: Principal;
  org: string;
  query: Request['query'];
}

const Listing = z.strictObject({
  status: z._default(z.enum(['pending', 'settled']), 'pending'),
  type: z.optional(z.string().check(z.maxLength(100))),
  /** Of what is over: only what was put before people. */
  by: z.optional(z.enum(['people'])),
  limit: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100)), 25),
  cursor: z.optional(z.string().check(z.maxLength(500))),
});
type Listing = z.infer<typeof Listing>;

/** What waits, all of it, the most urgent first; or with `status=settled` what is over, the newest request first. */
export async function approvalList(asked: Asked) {
  const { people, org, principal, clock, query } = asked;
  const [{ approvals, cursor }, everybody, delegations] = await Promise.all([
    listed(asked, parse(Listing, query)),
    people.list(org),
    people.delegations(org),
  ]);
  const now = clock.now();
  const entry = (approval: Approval) =>
    approvalEntry(approval, everybody, canDecide(approval, principal, { delegations, now }));
  return { approvals: approvals.map(entry), cursor };
}

/** For a person, by whatever it takes to prove who they are; a key cannot prove more than it is. */
function canDecide(
  approval: Approval,
  principal: Principal,
  { delegations, now }: { delegations: readonly Delegation[]; now: Date },
): boolean {
  const place = placeFor(approval, principal.id, { delegations, now });
  const isGoodEnough =
    principal.via === 'session' ||
    (approval.auths.includes('key') && principal.scopes.includes('approvals:decide'));
  return (
    approval.status === 'PENDING' &&
    !isOver(approval, now) &&
    isGoodEnough &&
    mayDecide(approval, principal.id, place?.onBehalfOf)
  );
}

async function listed({ approvals, org }: Asked, { status, type, by, limit, cursor }: Listing) {
  if (status === 'settled')
    return approvals.history(org, { type, limit, cursor, isSettled: true, byPeople: by === 'people' });
  const all = await approvals.inbox(org);
  return { approvals: type ? all.filter((one) => one.type === type) : all, cursor: undefined };
}

const Period = z.strictObject({
  days: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(90)), 30),
});
/** Approvals that one answer is made of at most: what a function reads in a few seconds. */
const MOST = 4_000;

/** How people and policy decided on what was asked in the last days; `since` is later when there was too much to read. */
export async function approvalFigures({ approvals, org, clock, query }: Asked) {
  const { days } = parse(Period, query);
  const from = new Date(clock.now().getTime() - days * 86_400_000).toISOString();
  const { approvals: all, cursor } = await approvals.history(org, { from, limit: MOST });
  const since = (cursor && all.at(-1)?.requestedAt) ?? from;
  return { days, since, ...approvalMetrics(all) };
}
