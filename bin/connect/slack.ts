import { SlackApp } from '#adapters/slack/apps.ts';
import { slack } from '#adapters/slack/client.ts';
import { CommandError, EXIT } from '../terminal.ts';
import { secretsCheck } from './github.ts';
import { jsonSecret, rotated } from './live.ts';
import { type Check, checked, type Place } from './place.ts';

export interface SlackOptions {
  /** `https://slack.com` */
  slack: string;
  /** Where a test message goes. */
  channel?: string;
  /** Channels in which every message is a request. */
  watch?: string[];
}

/** What the app is and may do: approvals, requests and answers, and nothing else. */
export function slackManifest(url: string, org: string) {
  const hooks = `${url}/webhooks/slack/${org}`;
  return {
    display_information: { name: 'Signalbox' },
    features: {
      bot_user: { display_name: 'Signalbox', always_online: true },
      slash_commands: [
        {
          command: '/triage',
          url: `${hooks}/commands`,
          description: 'Hand in a request',
          should_escape: false,
        },
      ],
    },
    oauth_config: {
      redirect_urls: [`${url}/auth/slack/callback`],
      scopes: {
        bot: [
          ...['app_mentions:read', 'channels:history', 'channels:read', 'chat:write', 'commands'],
          ...['groups:history', 'groups:read', 'im:write'],
        ],
        user: ['openid', 'profile'],
      },
    },
    settings: {
      event_subscriptions: {
        request_url: `${hooks}/events`,
        bot_events: ['app_mention', 'message.channels', 'message.groups'],
      },
      interactivity: { is_enabled: true, request_url: `${hooks}/interactions` },
      token_rotation_enabled: false,
    },
  };
}

/** Guides to an app made of the manifest, takes its secrets, tries them, and says hello. */
export async function connectSlack(place: Place, options: SlackOptions): Promise<Check[]> {
  const { secrets, org, api, answers, guide } = place;
  const manifest = JSON.stringify(slackManifest(api.url, org));
  const make = `https://api.slack.com/apps?new_app=1&manifest_json=${encodeURIComponent(manifest)}`;
  guide(`Make the app and install it to your workspace, unless it is there: ${make}`);
  const signingSecret = await answers.secret('signingSecret', 'Signing secret, of Basic Information');
  const clientId = await answers.ask('clientId', 'Client ID');
  const clientSecret = await answers.secret('clientSecret', 'Client secret');
  const botToken = await answers.secret('botToken', 'Bot token, of OAuth & Permissions: xoxb-…');
  const bot = slack({ url: options.slack, token: botToken, patienceMs: 60_000 });
  const who = await bot.whoami().catch((error: Error) => {
    throw new CommandError(`${error.message}. Nothing was kept.`, EXIT.usage);
  });

  const id = `signalbox/slack/${org}`;
  const before = await jsonSecret<SlackApp>(secrets, id);
  const watch = options.watch ?? before.watch;
  const app = SlackApp.safeParse({
    signingSecrets: rotated(before.signingSecrets ?? [], signingSecret),
    ...{ botToken, clientId, clientSecret },
    teams: [...new Set([who.team, ...(before.teams ?? [])])],
    ...(watch && { watch }),
  });
  if (!app.success) {
    const wrong = app.error.issues.map(({ path }) => path.join('.')).join(', ');
    throw new CommandError(`These are not as Slack makes them: ${wrong}. Nothing was kept.`, EXIT.usage);
  }
  await secrets.put(id, JSON.stringify(app.data));
  guide(`Where Slack shows ${api.url}/webhooks/slack/${org}/events as unverified, press Retry there.`);
  return [
    { what: 'bot token', ok: true, detail: `good, in the workspace ${who.name}` },
    secretsCheck(app.data.signingSecrets.length),
    ...(options.channel ? [await hello(bot, options.channel)] : []),
  ];
}

function hello(bot: ReturnType<typeof slack>, channel: string): Promise<Check> {
  return checked('test message', async () => {
    await bot.post(channel, {
      text: HELLO,
      blocks: [{ type: 'section', text: { type: 'plain_text', text: HELLO, emoji: false } }],
    });
    return `posted in ${channel}`;
  });
}

const HELLO = 'Signalbox is connected. This message is a test.';
