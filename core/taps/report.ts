import type { Draft } from '../tickets/ticket.ts';
import type { CheckedChange, Seen, TapRef } from './check.ts';
import { fingerprint, sentence } from './drift.ts';
import { CONSEQUENCES } from './severity.ts';

export const CHECKER = 'weekly schema check';

/** More are counted, not listed. */
const LISTED = 80;
const PLACES = 20;

export interface Drift {
  tap: TapRef;
  before: Pick<Seen, 'commit' | 'made'> & { check: string };
  after: Pick<Seen, 'commit' | 'made' | 'endpoints'>;
  /** The worst first. */
  changes: CheckedChange[];
  /** Other repositories of the project that may read what the tap writes. */
  beside: string[];
}

const CAUSES: Record<CheckedChange['cause'], string> = {
  code: 'Code drift: our own code has changed since the baseline',
  api: 'API drift: our side is as it was, so what it talks to has changed',
  dependency: 'Drift by a dependency: the library or Python that it runs with has changed',
  configuration: 'Drift by configuration: it was discovered with another configuration',
};

/** The ticket for a drift, at a time. Its external id is the same however often, and at whatever later commit, the drift is seen. */
export function reported({ tap, before, after, changes, beside }: Drift, at: string): Draft {
  const { org, repository } = tap;
  const worst = changes[0]?.severity ?? 'information';
  const count = `${changes.length} schema ${changes.length === 1 ? 'change' : 'changes'}`;
  const ids = changes.map(({ id }) => id);
  const causes = [...new Set(changes.map(({ cause }) => cause))];
  return {
    org,
    source: 'drift',
    externalId: `drift:${repository}:${fingerprint(ids, before.check)}`,
    title: `${repository}: ${count}, the worst ${worst} (${causes.join(', ')})`.slice(0, 300),
    body: [
      `What ${repository} gives its readers has changed since its baseline, commit ${before.commit.slice(0, 12)}; it was looked at as of commit ${after.commit.slice(0, 12)}.`,
      ...causes.flatMap((cause) => [
        '',
        `${CAUSES[cause]}.`,
        ...(cause === 'dependency' ? [printedBy(before, after)] : []),
        ...listed(changes.filter((one) => one.cause === cause)),
      ]),
      ...placesOf(changes, after),
      '',
      readersTold(changes, beside),
      'Merging the pull request of this ticket makes what is there then the baseline for the streams it is about.',
    ].join('\n'),
    reporter: { name: CHECKER },
    labels: [],
    concerns: [repository],
    type: 'schema_drift',
    priority: worst === 'breaking' ? 'high' : 'low',
    openedAt: at,
  };
}

function listed(changes: CheckedChange[]): string[] {
  const lines = changes.slice(0, LISTED).map((change) => {
    const { severity, rule, readers, since } = change;
    const [kind = ''] = rule.split(':');
    const parts = [
      `- ${severity}, ${kind}: ${sentence(change).slice(0, 250)}`,
      since && `in small steps since commit ${since.slice(0, 12)}`,
      readers.length > 0 && `read by ${readers.slice(0, 5).join(', ')}`,
      severity !== 'information' && CONSEQUENCES[kind],
    ];
    return parts.filter(Boolean).join('; ');
  });
  return [...lines, ...(changes.length > LISTED ? [`- and ${changes.length - LISTED} more`] : [])];
}

function printedBy(before: Pick<Seen, 'made'>, after: Pick<Seen, 'made'>): string {
  const said = ({ made: { sdk, python } }: Pick<Seen, 'made'>) =>
    [sdk ?? 'no known library', python && `Python ${python}`].filter(Boolean).join(' with ');
  return `It was printed by ${said(before)}, and is by ${said(after)}.`;
}

/** Where in the code the streams are that changed. */
function placesOf(changes: CheckedChange[], { endpoints = {} }: Drift['after']): string[] {
  const streams = [...new Set(changes.map(({ stream }) => stream))];
  const known = streams.filter((name) => Object.hasOwn(endpoints, name)).slice(0, PLACES);
  if (known.length === 0) return [];
  return ['', 'What the code reads for them:', ...known.map((name) => `- ${name}: ${endpoints[name]}`)];
}

function readersTold(changes: CheckedChange[], beside: string[]): string {
  const readers = [...new Set(changes.flatMap((one) => one.readers))];
  const known =
    readers.length > 0
      ? `Known to read what changed: ${readers.join(', ')}.`
      : 'Nobody is known to read what changed.';
  return beside.length > 0 ? `${known} In the same project, and not asked: ${beside.join(', ')}.` : known;
}
