import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { secretsManager } from '#adapters/aws/clients.ts';
import { dynamoReplays } from '#adapters/dynamodb/replays.ts';
import { dynamoSlackPeople } from '#adapters/dynamodb/slack-people.ts';
import { slackApps } from '#adapters/slack/apps.ts';
import { slack } from '#adapters/slack/client.ts';
import { requestMessage } from '#adapters/slack/messages.ts';
import type { Approval } from '#core/approvals/approval.ts';
import type { SlackMember } from '#core/people/person.ts';
import type { PolicyDocument } from '#core/policy/policy.ts';
import type { ToSlack } from '#core/slack.ts';
import { slackInteraction } from '#functions/http/slack-interaction.ts';
import { approvals, asking, handClock, NOW, URL_ } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { adopt, agentOf, organization, type Team } from '../../support/organization.ts';
import { type Answer, send } from '../../support/request.ts';
import {
  type Posted,
  type Signed,
  SLACK_APP,
  type SlackDouble,
  slackDouble,
  TEAM,
} from '../../support/slack/double.ts';

const clock = handClock();
const said: ToSlack[] = [];
beforeEach(() => {
  clock.set(NOW);
  said.length = 0;
});

let aws: LocalAws;
let workspace: SlackDouble;
beforeAll(async () => {
  [aws, workspace] = [await localAws(), await slackDouble(clock)];
});
afterAll(() => Promise.all([aws.stop(), workspace.stop()]));

const members = dynamoSlackPeople('People');
const member = (name: string): SlackMember => ({ team: TEAM, user: `U0${name.toUpperCase()}` });

const MAIL: PolicyDocument['rules'][number] = {
  ...{ id: 'mail', action: 'email.send', risk: 'medium', mode: 'require_approval', approval: 'leads' },
  modifiable: ['/to', '/subject', '/body'],
  limits: { recipients: 2 },
  over_limit: 'deny',
};
const payload = { to: ['ann@c.example', 'bob@c.example'], subject: 'Prices', body: 'They rise by 4 %.' };

interface Given {
  team: Team;
  facts: Record<string, unknown>;
  approval: Approval;
  message: Posted;
}

/** A mail that waits, in Lea's Slack. */
async function asked(change: Partial<typeof payload> = {}): Promise<Given> {
  const team = await organization([MAIL]);
  const { org, lea, leo } = team;
  const Name = `test/slack/${org}`;
  await secretsManager().send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(SLACK_APP) }));
  await members.link(lea, member('lea'));
  await members.link(leo, member('leo'));
  const facts = { recipients: 2 };
  const body = { type: 'email.send', payload: { ...payload, ...change } };
  const { body: proposed } = await agentOf(team, clock, facts).propose(body);
  const approval = (await approvals.find(org, proposed.action_id)) as Approval;
  const text = (await approvals.payload(org, approval.id, 1)) ?? '';
  const bot = slack({ url: workspace.url, token: SLACK_APP.botToken });
  await bot.post('D0LEA', requestMessage({ approval, payload: text, revision: 1, url: URL_ }));
  return { team, facts, approval, message: workspace.posted.at(-1) as Posted };
}

function deliver({ team: { org }, facts }: Given, { headers, body }: Signed): Promise<Answer> {
  const route = slackInteraction({
    ...asking(clock, facts),
    ...{ members, publicUrl: URL_, isNew: dynamoReplays('Approvals') },
    apps: slackApps('test/slack', clock),
    connect: ({ botToken: token }) => slack({ url: workspace.url, token }),
    say: async (message) => void said.push(message),
  });
  return send(route, { method: 'POST', path: '/', params: { org }, headers, body });
}

const press = (given: Given, name: string, action: string) =>
  deliver(given, workspace.press(member(name), given.message, action));
const stands = async ({ team, approval }: Given) => (await approvals.find(team.org, approval.id)) as Approval;
const fields = () => workspace.views[0]?.view.blocks.filter(({ type }: { type: string }) => type === 'input');

/** The modal with everything as it is, but for what is changed. */
async function change(given: Given, name: string, values: Record<string, string>): Promise<Answer> {
  await press(given, name, 'change');
  const before = Object.fromEntries(
    fields().map((field: { block_id: string; element: { initial_value?: string } }) => [
      field.block_id,
      field.element.initial_value ?? '',
    ]),
  );
  return deliver(given, workspace.submit(member(name), { ...before, ...values }));
}

describe('changing a request in Slack', () => {
  it('shows what may be changed, as it is', async () => {
    const given = await asked();
    await press(given, 'lea', 'change');

    expect(fields()).toMatchObject([
      { block_id: '/to', element: { initial_value: '["ann@c.example","bob@c.example"]' } },
      { block_id: '/subject', element: { initial_value: 'Prices' } },
      { block_id: '/body', element: { initial_value: 'They rise by 4 %.' } },
    ]);
  });

  it('to less is the approval of whoever changed it', async () => {
    const given = await asked();
    given.facts.recipients = 1;
    const answer = await change(given, 'lea', { '/to': '["ann@c.example"]' });

    expect(answer).toMatchObject({ statusCode: 200, body: '' });
    expect(await stands(given)).toMatchObject({
      status: 'APPROVED',
      revision: 2,
      decision: { by: given.team.lea.id, channel: 'slack', auth: 'slack' },
    });
  });

  it('T24: to something else is a new request, on which whoever wrote it does not decide', async () => {
    const given = await asked();
    await change(given, 'lea', { '/body': 'They fall by 4 %.' });
    const after = await stands(given);

    expect(after).toMatchObject({ status: 'PENDING', revision: 2, votes: [] });
    expect(after.conflicts).toContain(given.team.lea.id);
  });

  it('T27: makes the message from before worth nothing', async () => {
    const given = await asked();
    await change(given, 'lea', { '/body': 'They fall by 4 %.' });
    await press(given, 'leo', 'approve');

    expect(said).toMatchObject([{ kind: 'whisper', text: expect.stringContaining('changed since') }]);
    expect(await stands(given)).toMatchObject({ status: 'PENDING', votes: [] });
  });

  it.each([
    ['nothing is changed', {}, 'Nothing is changed'],
    ['it is not JSON', { '/to': 'ann' }, 'not JSON'],
    ['it does not fit', { '/to': '["ann"]' }, 'email'],
    [
      'policy forbids the result',
      { '/to': '["ann@c.example","bob@c.example","c@c.example"]' },
      'policy forbids',
    ],
    ['Slack might have altered it', { '/body': 'a &amp; b' }, 'on the page'],
  ])('says in the modal that %s', async (why, values, words) => {
    const given = await asked();
    if (why.startsWith('policy')) given.facts.recipients = 3;
    const answer = await change(given, 'lea', values);

    expect(JSON.parse(answer.body)).toMatchObject({ response_action: 'errors' });
    expect(answer.body).toContain(words);
    expect(await stands(given)).toEqual(given.approval);
  });

  it.each([
    ['has a character that Slack escapes', { body: 'a & b' }, ['/to', '/subject']],
    ['ends in white space that Slack trims', { body: 'They rise.\n' }, ['/to', '/subject']],
  ])('leaves out a text that %s', async (_, body, offered) => {
    const given = await asked(body);
    await press(given, 'lea', 'change');

    expect(fields().map(({ block_id: id }: { block_id: string }) => id)).toEqual(offered);
  });

  it('sends to the page where nothing of it survives Slack', async () => {
    const to = Array.from({ length: 150 }, (_, at) => `person${at}@c.example`);
    const given = await asked({ to, subject: ' a', body: '<b>' });
    const before = workspace.views.length;
    await press(given, 'lea', 'change');

    expect(workspace.views).toHaveLength(before);
    expect(said).toMatchObject([{ text: expect.stringContaining('open the exact request') }]);
  });

  it('shows nothing to somebody who has linked no account, and changes nothing', async () => {
    const given = await asked();
    const before = workspace.views.length;
    await press(given, 'zoe', 'change');

    expect(workspace.views).toHaveLength(before);
    expect(JSON.stringify(said)).toContain('Link your Slack account');
  });

  it('replayed changes nothing again', async () => {
    const given = await asked();
    await press(given, 'lea', 'change');
    const signed = workspace.submit(member('lea'), { '/body': 'They fall.' });
    await deliver(given, signed);
    const before = await stands(given);
    await deliver(given, signed);

    expect(await stands(given)).toEqual(before);
  });
});

describe('T37: a policy that became stricter', () => {
  it('withdraws the request instead of counting the press, and says so', async () => {
    const given = await asked();
    const stricter = { ...given.team.document, rules: [{ ...MAIL, risk: 'high' as const }] };
    await adopt(given.team.org, stricter, 1);
    await press(given, 'lea', 'approve');

    expect(await stands(given)).toMatchObject({ status: 'INVALIDATED' });
    expect(said).toMatchObject([{ kind: 'whisper', text: expect.stringContaining('stricter') }]);
  });
});
