import { callJira, JiraSite } from '#adapters/jira/answer.ts';
import { Fault } from '#core/fault.ts';
import { CommandError, EXIT } from '../terminal.ts';
import { secretsCheck } from './github.ts';
import { freshSecret, jsonSecret, rotateWebhook } from './live.ts';
import { type Check, checked, type Place } from './place.ts';

export interface JiraOptions {
  /** An issue that gets a test comment. */
  issue?: string;
  /** Jira is in a private network, or without TLS. */
  private?: boolean;
}

const EVENTS = [
  ...['jira:issue_created', 'jira:issue_updated', 'jira:issue_deleted'],
  ...['comment_created', 'comment_updated', 'comment_deleted'],
];

/** Takes the API token of a user of ours in Jira, tries it, registers the webhook with a new secret, and comments on an issue. */
export async function connectJira(place: Place, options: JiraOptions): Promise<Check[]> {
  const { secrets, org, answers } = place;
  const site = JiraSite.safeParse({
    site: await answers.ask('site', 'Address of Jira, like https://acme.atlassian.net'),
    email: await answers.ask('email', 'E-mail address of the user that comments'),
    token: await answers.secret('token', 'API token of that user'),
    ...(options.private && { isPrivate: true }),
  });
  if (!site.success)
    throw new CommandError('The site is an address, the user an e-mail address.', EXIT.usage);
  const who = await whoIs(site.data).catch((error: Error) => {
    throw new CommandError(`${error.message}. Nothing was kept.`, EXIT.usage);
  });
  await secrets.put(`signalbox/channels/${org}/jira`, JSON.stringify(site.data));
  return [
    { what: 'API token', ok: true, detail: `good, as ${who}` },
    ...(await webhook(place, site.data)),
    ...(options.issue ? [await comment(site.data, options.issue)] : []),
  ];
}

/** The name of the user whose token it is. */
export async function whoIs(site: JiraSite): Promise<string> {
  const { displayName } = (await callJira(site, 'GET', '/rest/api/3/myself')) as { displayName?: string };
  return String(displayName);
}

const WEBHOOKS = '/rest/webhooks/1.0/webhook';

/** Only Jira's administrators may register one; anybody else hears what to enter by hand. */
async function webhook(place: Place, site: JiraSite): Promise<Check[]> {
  const { secrets, org, api } = place;
  const url = `${api.url}/webhooks/${org}/jira`;
  const fresh = freshSecret();
  try {
    const known = (await callJira(site, 'GET', WEBHOOKS)) as { self: string; url: string }[];
    const there = known.find((one) => one.url === url);
    const live = await rotateWebhook(secrets, { org, source: 'jira', fresh });
    const asked = { name: 'Signalbox', url, events: EVENTS, excludeBody: false, secret: fresh };
    if (there) await callJira(site, 'PUT', new URL(there.self).pathname, asked);
    else await callJira(site, 'POST', WEBHOOKS, asked);
    return [
      secretsCheck(live),
      { what: 'webhook', ok: true, detail: `${there ? 'changed' : 'registered'}: ${url}` },
    ];
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'Forbidden') throw error;
    return byHand(place, site, url);
  }
}

async function byHand(
  { secrets, org, answers, guide }: Place,
  { site }: JiraSite,
  url: string,
): Promise<Check[]> {
  const page = new URL('/plugins/servlet/webhooks', site).href;
  guide(
    `This user is no administrator. Have one make a webhook at ${page}: the address ${url}, the events ${EVENTS.join(', ')}, and a secret that Jira generates.`,
  );
  const fresh = await answers
    .secret('webhookSecret', 'The secret that Jira generated')
    .catch(() => undefined);
  if (!fresh || fresh.length < 16)
    return [{ what: 'webhook', ok: false, detail: `not registered: make it at ${page} and connect again` }];
  const live = await rotateWebhook(secrets, { org, source: 'jira', fresh });
  return [secretsCheck(live)];
}

function comment(site: JiraSite, issue: string): Promise<Check> {
  return checked('test comment', async () => {
    const content = [{ type: 'text', text: 'Signalbox is connected. This comment is a test.' }];
    const body = { type: 'doc', version: 1, content: [{ type: 'paragraph', content }] };
    await callJira(site, 'POST', `/rest/api/3/issue/${encodeURIComponent(issue)}/comment`, { body });
    return `written under ${issue}`;
  });
}
