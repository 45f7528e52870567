import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secretsManager } from '#adapters/aws/clients.ts';
import { askingFrom } from '#functions/asking.ts';
import { ORG } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { SLACK_APP, type SlackDouble, slackDouble, TEAM } from '../../support/slack/double.ts';

let aws: LocalAws;
let workspace: SlackDouble;
beforeAll(async () => {
  [aws, workspace] = [await localAws(), await slackDouble({ now: () => new Date() })];
  const SecretString = JSON.stringify(SLACK_APP);
  await secretsManager().send(new CreateSecretCommand({ Name: `test/slack/${ORG}`, SecretString }));
});
afterAll(() => Promise.all([aws.stop(), workspace.stop()]));

const TABLES = {
  APPROVALS_TABLE: 'Approvals',
  LEDGER_TABLE: 'Ledger',
  NOTICES_TABLE: 'Notices',
  PEOPLE_TABLE: 'People',
  POLICIES_TABLE: 'Policies',
};

/** What the server measures of a post to a channel, as it is wired. */
async function measured(channel: object | undefined, { org = ORG, isWired = true } = {}) {
  if (channel) workspace.channels.set('C0GENERAL', { is_channel: true, ...channel });
  else workspace.channels.delete('C0GENERAL');
  const slack = { SLACK_PREFIX: 'test/slack', SLACK_URL: workspace.url };
  const { measure } = askingFrom({ ...TABLES, ...(isWired && slack) });
  const { channel_members, external } = await measure(org, 'slack.post_message', {
    channel: 'C0GENERAL',
    text: 'hi',
  });
  return { channel_members, external };
}

const NOTHING = { channel_members: undefined, external: undefined };

describe('a channel that is to be posted in', () => {
  it.each([
    ['its members', { num_members: 20 }, { channel_members: 20, external: false }],
    [
      'one of a workspace that is named',
      { num_members: 2, shared_team_ids: [TEAM] },
      { channel_members: 2, external: false },
    ],
    [
      'a channel shared with another company',
      { num_members: 3, is_ext_shared: true },
      { channel_members: 3, external: true },
    ],
    [
      'one that is about to be',
      { num_members: 3, is_pending_ext_shared: true },
      { channel_members: 3, external: true },
    ],
    [
      'one of a workspace that nobody named',
      { num_members: 3, shared_team_ids: [TEAM, 'T0X'] },
      { channel_members: 3, external: true },
    ],
    ['one without a count', { is_im: true }, NOTHING],
    ['one that the bot does not see', undefined, NOTHING],
  ])('is measured: %s', async (_, channel, facts) => {
    expect(await measured(channel)).toEqual(facts);
  });

  it.each([
    ['an organization without a Slack app', { org: 'other' }],
    ['a function that knows no Slack', { isWired: false }],
  ])('is not guessed by %s', async (_, change) => {
    expect(await measured({ num_members: 20 }, change)).toEqual(NOTHING);
  });

  it('is not guessed when Slack does not say', async () => {
    workspace.failures.set('conversations.info', ['internal_error']);

    expect(await measured({ num_members: 20 })).toEqual(NOTHING);
  });
});
