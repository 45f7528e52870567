import { Fault } from '../fault.ts';
import { parse, parseJson } from '../parse.ts';
import type { Delivery } from '../ports.ts';
import { ERP_EVENTS, ErpDelivery, ErpIssue, fromErp } from './sources/erp.ts';
import { readGithub } from './sources/github-events.ts';
import { fromHotglue, HotglueJob } from './sources/hotglue.ts';
import { fromJira, JiraDelivery } from './sources/jira.ts';
import { fromCommand, fromSlack, SlackCommand, SlackEvent } from './sources/slack.ts';
import type { Meaning } from './told.ts';

/** Noted by the door with a delivery of Slack's whose channel was watched then. */
export const WATCHED = 'x-watched';

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
    case 'hotglue':
      return fromHotglue(org, parseJson(HotglueJob, text), receivedAt);
    case 'slack':
      return headers['content-type']?.startsWith('application/x-www-form-urlencoded')
        ? fromCommand(org, parse(SlackCommand, Object.fromEntries(new URLSearchParams(text))), receivedAt)
        : fromSlack(org, parseJson(SlackEvent, text), headers[WATCHED] === 'yes');
    default:
      throw new Fault('Invalid', `What came by ${source} was answered at once: its sender sends it again`);
  }
}

function fromErpText(org: string, text: string, received: { id: string; at: string }): Meaning {
  const { event } = parseJson(ErpDelivery, text);
  if (!ERP_EVENTS.includes(event)) return { kind: 'ignored', why: `${event} is no event that we act on` };
  return fromErp(org, parseJson(ErpIssue, text), received);
}
