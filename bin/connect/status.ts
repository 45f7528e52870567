import { appItself, hookUrl, installations } from '#adapters/github/app.ts';
import { JiraSite } from '#adapters/jira/answer.ts';
import { SlackApp } from '#adapters/slack/apps.ts';
import { slack } from '#adapters/slack/client.ts';
import type { KeptDelivery } from '#core/ports.ts';
import { CommandError, EXIT } from '../terminal.ts';
import { senderCheck } from './email.ts';
import { type App, forgeAccess } from './forge-access.ts';
import { apiOf, asApp } from './github.ts';
import { whoIs } from './jira.ts';
import { jsonSecret } from './live.ts';
import { type Check, checked, type Place } from './place.ts';

export interface Connection {
  source: string;
  connected: boolean;
  checks: Check[];
  /** When something genuine came from there last; nothing if that was never, or nobody is signed in. */
  heardAt?: string | undefined;
}

interface StatusOptions {
  slack: string;
  forgeSecret?: string;
  from?: string;
}

/** What is connected, whether it still works, and when it was last heard from. Changes nothing. */
export async function connections(place: Place, options: StatusOptions): Promise<Connection[]> {
  const found = [
    await github(place, options),
    await ofSlack(place, options),
    await jira(place),
    await signing(place, 'erp'),
    await signing(place, 'hotglue'),
    ...(options.from ? [connection('email', [await senderCheck(options.from)])] : []),
  ];
  return Promise.all(found.map(async (one) => ({ ...one, heardAt: await heardAt(place, one.source) })));
}

function connection(source: string, checks: Check[]): Connection {
  return { source, connected: checks.length > 0, checks };
}

async function github(place: Place, { forgeSecret }: StatusOptions): Promise<Connection> {
  const { hosts } = await forgeAccess(place.secrets, forgeSecret);
  const checks = await Promise.all(
    Object.entries(hosts).map(([host, access]) =>
      typeof access === 'string'
        ? { what: host, ok: true, detail: 'a token, which is not tried here' }
        : checked(host, () => appState(place, host, access)),
    ),
  );
  return connection('github', [...checks, ...(await webhookSecrets(place, 'github'))]);
}

async function appState({ api, org }: Place, host: string, app: App): Promise<string> {
  const client = asApp(app.apiUrl ?? apiOf(`https://${host}`), app);
  const { slug } = await appItself(client);
  const [where] = await installations(client);
  const sendsTo = await hookUrl(client);
  const wrong = sendsTo !== `${api.url}/webhooks/${org}/github` ? `; its webhook sends to ${sendsTo}` : '';
  return `the App ${slug}, ${where ? `installed at ${where.login}` : 'installed nowhere'}${wrong}`;
}

async function ofSlack({ secrets, org }: Place, options: StatusOptions): Promise<Connection> {
  const kept = await jsonSecret<SlackApp>(secrets, `signalbox/slack/${org}`);
  const app = SlackApp.safeParse(kept);
  if (Object.keys(kept).length === 0) return connection('slack', []);
  if (!app.success) return connection('slack', [{ what: 'secret', ok: false, detail: AGAIN }]);
  const bot = slack({ url: options.slack, token: app.data.botToken });
  const who = () => bot.whoami().then(({ name }) => `good, in the workspace ${name}`);
  return connection('slack', [await checked('bot token', who), liveCheck(app.data.signingSecrets)]);
}

async function jira(place: Place): Promise<Connection> {
  const kept = await jsonSecret<JiraSite>(place.secrets, `signalbox/channels/${place.org}/jira`);
  const webhook = await webhookSecrets(place, 'jira');
  if (Object.keys(kept).length === 0) return connection('jira', webhook);
  const site = JiraSite.safeParse(kept);
  const token = site.success
    ? await checked('API token', async () => `good, as ${await whoIs(site.data)}`)
    : { what: 'secret', ok: false, detail: AGAIN };
  return connection('jira', [token, ...webhook]);
}

const AGAIN = 'its secret is not as it should be: connect again';

async function signing(place: Place, source: string): Promise<Connection> {
  return connection(source, await webhookSecrets(place, source));
}

async function webhookSecrets({ secrets, org }: Place, source: string): Promise<Check[]> {
  const { secrets: live } = await jsonSecret<{ secrets: string[] }>(
    secrets,
    `signalbox/webhooks/${org}/${source}`,
  );
  return live ? [liveCheck(live)] : [];
}

function liveCheck(live: string[]): Check {
  const isGood = live.length > 0 && live.length <= 2 && live.every((one) => one.length >= 16);
  return { what: 'webhook secret', ok: isGood, detail: isGood ? `${live.length} live` : AGAIN };
}

async function heardAt({ api }: Place, source: string): Promise<string | undefined> {
  if (source === 'email') return undefined;
  try {
    const { deliveries } = await api.ask<{ deliveries: KeptDelivery[] }>(
      `/api/deliveries?${new URLSearchParams({ source, limit: '1' })}`,
    );
    return deliveries[0]?.receivedAt;
  } catch (error) {
    if (error instanceof CommandError && error.exit === EXIT.signedOut) return undefined;
    throw error;
  }
}
