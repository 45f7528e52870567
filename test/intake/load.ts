import { createHmac } from 'node:crypto';
import { signMessage } from '#adapters/standard-webhooks.ts';

export const ORGS = ['one', 'two', 'three', 'four', 'five'];

/** What one organization signs for one source with. */
export function secretOf(org: string, source: string): string {
  return `the secret of ${org} for ${source}`;
}

type Source = 'github' | 'jira' | 'erp';

/** Something that happens once, and may be told more than once. */
export interface Happening {
  org: string;
  source: Source;
  /** As the provider numbers it. */
  id: string;
  /** The issue it is about. */
  issue: number;
  /** 0 opens it; the others change its title, the highest last. */
  edit: number;
  body: string;
}

/** So many happenings: openings, and for every fourth issue two edits. The same for the same size. */
export function happenings(count: number): Happening[] {
  const all: Happening[] = [];
  for (let issue = 1; all.length < count; issue += 1) {
    const org = ORGS[issue % ORGS.length] as string;
    const source = (['github', 'jira', 'erp'] as const)[issue % 3] as Source;
    const edits = issue % 4 === 0 ? [0, 1, 2] : [0];
    for (const edit of edits.slice(0, count - all.length))
      all.push({ org, source, id: `${source}-${issue}-${edit}`, issue, edit, body: '' });
  }
  return all.map((one) => ({ ...one, body: JSON.stringify(BODY[one.source](one)) }));
}

/** What its source calls the issue. */
export function nameOf({ org, source, issue }: Happening): string {
  return { github: `${org}/etl#${issue}`, jira: `ETL-${issue}`, erp: `E-${issue}` }[source];
}

/** The title that it has after this. */
export function titleOf({ issue, edit }: Pick<Happening, 'issue' | 'edit'>): string {
  return edit === 0 ? `Issue ${issue}` : `Issue ${issue}, edit ${edit}`;
}

const DAY = '2026-11-20T00:00:00Z';
const BEGAN = Date.now();

const BODY: Record<Source, (one: Happening) => object> = {
  github: (one) => ({
    action: one.edit === 0 ? 'opened' : 'edited',
    issue: {
      number: one.issue,
      title: titleOf(one),
      html_url: `https://github.com/${one.org}/etl/issues/${one.issue}`,
      user: { login: 'rosa' },
      state: 'open',
      created_at: DAY,
      updated_at: `2026-11-20T00:00:0${one.edit}Z`,
    },
    repository: { full_name: `${one.org}/etl` },
    sender: { login: 'rosa' },
  }),
  jira: (one) => ({
    timestamp: BEGAN + one.edit,
    webhookEvent: one.edit === 0 ? 'jira:issue_created' : 'jira:issue_updated',
    issue: {
      key: `ETL-${one.issue}`,
      self: `https://${one.org}.atlassian.net/rest/api/2/issue/${one.issue}`,
      fields: { summary: titleOf(one) },
    },
  }),
  erp: (one) => ({
    event: one.edit === 0 ? 'issue.created' : 'issue.updated',
    at: new Date(BEGAN + one.edit).toISOString(),
    issue: { externalId: `E-${one.issue}`, title: titleOf(one) },
  }),
};

/** The headers that its sender signs it with now. `again` gives it another number, as a redelivery by hand at GitHub has. */
export function signedHeaders({ org, source, id, body }: Happening, again: boolean): Record<string, string> {
  const key = secretOf(org, source);
  const hub = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
  if (source === 'github')
    return {
      'x-github-event': 'issues',
      'x-github-delivery': again ? `${id}-again` : id,
      'x-hub-signature-256': hub,
    };
  if (source === 'jira') return { 'x-hub-signature': hub, 'x-atlassian-webhook-identifier': id };
  const timestamp = `${Math.floor(Date.now() / 1000)}`;
  const signature = signMessage({ id, timestamp, raw: Buffer.from(body) }, key);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
}
