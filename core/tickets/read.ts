import { Fault } from '../fault.ts';
import { parseJson } from '../parse.ts';
import type { Delivery } from '../ports.ts';
import { ERP_EVENTS, ErpDelivery, ErpIssue, fromErp } from './sources/erp.ts';
import { readGithub } from './sources/github-events.ts';
import { fromJira, JiraDelivery } from './sources/jira.ts';
import type { Meaning } from './told.ts';

/** What the bytes of a genuine delivery mean, today or when they are read again after a fix. Throws `Invalid` when they mean nothing. */
export function meaningOf(delivery: Delivery): Meaning {
  const { org, source, id, headers, receivedAt } = delivery;
  const text = Buffer.from(delivery.body, 'base64').toString('utf8');
  switch (source) {
    case 'github':
      return readGithub(org, headers['x-github-event'] ?? '', text);
    case 'jira':
      return fromJira(org, parseJson(JiraDelivery, text));
    case 'erp':
      return fromErpText(org, text, { id, at: receivedAt });
    default:
      throw new Fault('Invalid', `Deliveries of ${source} are not read here`);
  }
}

function fromErpText(org: string, text: string, received: { id: string; at: string }): Meaning {
  const { event } = parseJson(ErpDelivery, text);
  if (!ERP_EVENTS.includes(event)) return { kind: 'ignored', why: `${event} is no event that we act on` };
  return fromErp(org, parseJson(ErpIssue, text), received);
}
