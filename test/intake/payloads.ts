import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export type Source = 'github' | 'jira' | 'erp' | 'hotglue' | 'rest' | 'slack-event' | 'slack-command';

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

/** What a relay sends of HotGlue's jobs. */
export const HOTGLUE: Payload[] = ['JOB_FAILED', 'JOB_COMPLETED'].map((status) => ({
  source: 'hotglue',
  body: {
    ...{ status, job_id: 'j-1', job_name: 'Orders', tenant: 'shop', flow_id: 'f-1', tap: 'tap-orders' },
    message: 'Traceback (most recent call last)',
  },
}));

/** What users of the API send. */
export const REST: Payload[] = [
  { title: 'Invoices are late' },
  {
    ...{ externalId: 'R-1', type: 'bug', priority: 'high', title: 'Late', description: 'Since Monday.' },
    url: 'https://erp.example/1',
    context: {
      ...{ module: 'orders', organizationId: 'acme', affectedFiles: ['a.csv'], relatedIssues: ['R-2'] },
      metadata: { a: [1] },
    },
  },
].map((body) => ({ source: 'rest', body }));

const said = { type: 'message', channel: 'C1', user: 'U1', text: 'Late', ts: '1795255200.000100' };
const slackEvents = [
  said,
  { ...said, type: 'app_mention', channel: 'C2' },
  { ...said, ts: '1795255201.000100', thread_ts: said.ts },
  { ...said, subtype: 'message_changed', message: { ...said, text: 'Later' }, event_ts: '1795255202.000100' },
  { ...said, subtype: 'message_deleted', previous_message: said, event_ts: '1795255203.000100' },
];

/** What Slack sends of messages, and when it tries out the address. */
export const SLACK_EVENTS: Payload[] = [
  ...slackEvents.map((event, at) => ({
    type: 'event_callback',
    team_id: 'T0ACME',
    event_id: `Ev${at}`,
    event,
  })),
  { type: 'url_verification', challenge: 'c' },
].map((body) => ({ source: 'slack-event', body }));

/** What it sends of a command. */
export const SLACK_COMMANDS: Payload[] = [
  {
    source: 'slack-command',
    body: {
      ...{ team_id: 'T0ACME', user_id: 'U1', channel_id: 'C1', command: '/triage' },
      ...{ trigger_id: '1.2.abc', text: 'orders are missing' },
    },
  },
];
