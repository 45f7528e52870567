import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export type Source = 'github' | 'jira' | 'erp';

/** One delivery as its provider could send it. */
export interface Payload {
  source: Source;
  /** GitHub's name of it. */
  event?: string;
  body: unknown;
}

const EXAMPLES: { name: string; examples: object[] }[] = createRequire(import.meta.url)(
  '@octokit/webhooks-examples',
);
const jira = JSON.parse(readFileSync('local/demo/jira-ticket.json', 'utf8'));
const comment = {
  id: '10501',
  author: { displayName: 'Mara', accountType: 'atlassian' },
  body: '@signalbox please look at this',
  updated: '2026-11-20T10:00:00.000+0000',
};

/** Every example of GitHub's own collection. */
export const GITHUB: Payload[] = EXAMPLES.flatMap(({ name, examples }) =>
  examples.map((body) => ({ source: 'github' as const, event: name, body })),
);

/** What Jira sends, at a moment. */
export function jiraPayloads(timestamp: number): Payload[] {
  const events = [
    { webhookEvent: 'jira:issue_created' },
    {
      webhookEvent: 'jira:issue_updated',
      changelog: { items: [{ field: 'labels', toString: 'signalbox' }] },
    },
    { webhookEvent: 'jira:issue_deleted' },
    { webhookEvent: 'comment_created', comment },
    { webhookEvent: 'comment_updated', comment: { ...comment, body: 'Never mind.' } },
    { webhookEvent: 'comment_deleted', comment },
    { webhookEvent: 'sprint_started', issue: undefined },
  ];
  return events.map((event) => ({ source: 'jira', body: { ...jira, timestamp, ...event } }));
}

const issue = {
  externalId: 'E-1',
  title: 'Late invoices',
  context: { module: 'ledger', metadata: { a: [1] } },
};

/** What an ERP sends. */
export const ERP: Payload[] = [
  { event: 'issue.created', issue },
  { event: 'issue.updated', issue, at: '2026-11-20T10:00:00Z', by: 'Ines' },
  { event: 'issue.commented', issue: { externalId: 'E-1' }, comment: { id: '1', text: 'Any news?' } },
  { event: 'issue.closed', issue: { externalId: 'E-1' } },
  { event: 'issue.reopened', issue: { externalId: 'E-1' } },
  { event: 'invoice.paid' },
].map((body) => ({ source: 'erp', body }));
