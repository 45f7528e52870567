import type { Approvals } from '../approvals/ports.ts';
import type { PastAction } from './replay.ts';

/** Actions that a new policy is tried on at most. */
const MOST = 5_000;
const PAGE = 500;

/** What was proposed since a moment, as it was measured then, the newest first. */
export async function pastActions(
  org: string,
  since: Date,
  { approvals }: { approvals: Pick<Approvals, 'history'> },
): Promise<PastAction[]> {
  const found: PastAction[] = [];
  let cursor: string | undefined;
  do {
    const page = await approvals.history(org, { from: since.toISOString(), limit: PAGE, cursor });
    found.push(...page.approvals.map(({ id, type, facts }) => ({ id, type, facts, spent: {}, people: 10 })));
    cursor = page.cursor;
  } while (cursor && found.length < MOST);
  return found;
}
