import { Fault } from '../fault.ts';
import { nextOrgs } from './next.ts';
import type { Place } from './place.ts';
import type { QueueNeeds } from './ports.ts';

/** Looks in vain, one after the other, until the caller is told to come back. */
const LOOKS = 20;
/** Places that one call fills at most, so that it ends in time; whoever calls is told to call again. */
const FILLS = 100;

/**
 * Fills what is free, the next ticket first, and wakes whoever has a slot now. Any number may do so at once. True when
 * there may be more to fill.
 */
export async function admit(needs: QueueNeeds): Promise<boolean> {
  const moved = new Set<string>();
  for (let filled = 0, looks = 0; filled < FILLS; ) {
    const first = await foremost(moved, needs);
    if (!first) return false;
    const held = await needs.queue.hold(first, needs.limits, now(needs));
    if (typeof held === 'object') {
      filled += 1;
      await wake(held, needs);
      continue;
    }
    if (held === 'taken') moved.add(first.runId);
    looks += 1;
    if (looks >= LOOKS) throw new Fault('Unavailable', 'Too many fill the queue at once; come again');
  }
  return true;
}

/** The first of those that may be next, but for what has moved since the index was written. */
async function foremost(moved: Set<string>, { queue, limits }: QueueNeeds): Promise<Place | undefined> {
  const counts = await queue.counts();
  const unseen = new Set<string>();
  for (;;) {
    const orgs = nextOrgs(counts, limits, unseen);
    if (orgs.length === 0) return undefined;
    const seen = await Promise.all(orgs.map((org) => queue.waiting(org, moved.size + 1)));
    const heads = seen.flatMap((places) => places.find(({ runId }) => !moved.has(runId)) ?? []);
    if (heads.length > 0) return heads.toSorted((a, b) => (a.rank < b.rank ? -1 : 1))[0];
    for (const org of orgs) unseen.add(org);
  }
}

/** Tells the execution that it has its slot, and the ticket that work on it has begun; one that has ended gives it back. May be said again. */
export async function wake(place: Place, needs: QueueNeeds): Promise<void> {
  const { org, runId, grant, tokens, executionArn } = place;
  const at = now(needs);
  if (place.kind === 'start') await begin(place, needs);
  const heard = await Promise.all(tokens.map((token) => needs.machines.succeed(token, { grant })));
  const isGone = !heard.includes(true) && (await needs.machines.state(executionArn)) === 'ended';
  await (isGone ? needs.queue.end(org, runId, at) : needs.queue.woken(org, runId, { grant, at }));
}

async function begin({ org, ticketId, runId }: Place, needs: QueueNeeds): Promise<void> {
  const ticket = await needs.tickets.find(org, ticketId);
  if (ticket?.runId !== runId) return;
  const begunAt = ticket.begunAt ?? now(needs);
  await needs.tickets.advance(org, ticketId, ['received'], { status: 'triaging', begunAt });
}

function now({ clock }: QueueNeeds): string {
  return clock.now().toISOString();
}
