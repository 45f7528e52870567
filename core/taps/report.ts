import type { Draft } from '../tickets/ticket.ts';
import type { Seen, TapRef } from './check.ts';
import { type Change, fingerprint, sentence } from './drift.ts';

/** More are counted, not listed. */
const LISTED = 100;

export interface Drift {
  tap: TapRef;
  before: Seen;
  after: Seen;
  changes: Change[];
}

/** The ticket for a drift, at a time. Its external id is the same however often, and at whatever later commit, the drift is seen. */
export function reported({ tap, before, after, changes }: Drift, at: string): Draft {
  const { org, repository } = tap;
  const worst = changes[0]?.severity ?? 'information';
  const count = `${changes.length} schema ${changes.length === 1 ? 'change' : 'changes'}`;
  const listed = changes
    .slice(0, LISTED)
    .map((change) => `- ${change.severity}, ${change.kind}: ${sentence(change).slice(0, 250)}`);
  const more = changes.length > LISTED ? [`- and ${changes.length - LISTED} more`] : [];
  return {
    org,
    source: 'drift',
    externalId: `drift:${repository}:${fingerprint(changes, before.commit)}`,
    title: `${repository}: ${count}, the worst ${worst}`.slice(0, 300),
    body: [
      `The catalog that ${repository} discovers has changed. ${why(before, after)}`,
      '',
      ...listed,
      ...more,
    ].join('\n'),
    reporter: { name: 'weekly schema check' },
    labels: [],
    concerns: [repository],
    type: 'schema_drift',
    priority: worst === 'breaking' ? 'high' : 'low',
    openedAt: at,
  };
}

function why(before: Seen, after: Seen): string {
  const [was, is] = [before.commit.slice(0, 12), after.commit.slice(0, 12)];
  return was === is
    ? `Its code has not: both are of commit ${is}, so what it installs or asks has changed.`
    : `Code drift: its code has changed too, from commit ${was} to ${is}.`;
}
