import type { Channels } from '#core/actions/audience.ts';
import type { SlackApp, SlackApps } from './apps.ts';
import type { Slack } from './client.ts';

/** Channels as the organization's bot sees them: it sees no private channel that it is not in. */
export function slackChannels(
  apps: Pick<SlackApps, 'find'>,
  connect: (app: SlackApp) => Pick<Slack, 'audience'>,
): Channels {
  return {
    async audience(org, channel) {
      const app = await apps.find(org);
      const found = app && (await connect(app).audience(channel));
      if (!found) return undefined;
      const { members, teams, external } = found;
      return { members, external: external || teams.some((team) => !app.teams.includes(team)) };
    },
  };
}
