import { wake } from './admit.ts';
import type { Place } from './place.ts';
import type { QueueNeeds } from './ports.ts';

/** Milliseconds within which an execution that was just started may not be known yet to whoever asks for it. */
const KNOWN = 600_000;

/**
 * Puts right what a death left behind: a slot whose execution has ended is free again, one whose execution was not told
 * is told. Only Step Functions says what has ended; time alone never does.
 */
export async function sweep(needs: QueueNeeds): Promise<void> {
  const { orgs } = await needs.queue.counts();
  for (const { org } of orgs.filter(({ held }) => held > 0))
    for (const place of await needs.queue.held(org)) await settle(place, needs);
}

async function settle(place: Place, needs: QueueNeeds): Promise<void> {
  const { org, runId, executionArn, since, wokenAt } = place;
  const state = await needs.machines.state(executionArn);
  const now = needs.clock.now();
  const isOld = now.getTime() - Date.parse(since) > KNOWN;
  if (state === 'ended' || (state === 'unknown' && isOld))
    return needs.queue.end(org, runId, now.toISOString());
  if (!wokenAt) await wake(place, needs);
}
