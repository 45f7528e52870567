import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import type { SlackApp } from '#adapters/slack/apps.ts';
import { signatureFor } from '#adapters/slack/signature.ts';
import { slackIntake } from '#functions/http/slack-intake.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { send } from '../../support/request.ts';

const NOW = new Date('2026-11-20T10:00:00Z');
const KEY = 'the signing secret of the app';
const clock = { now: () => NOW };
const tickets = dynamoTickets('Tickets', 'Deliveries', clock);
const app: SlackApp = {
  ...{ signingSecrets: [KEY], botToken: 'xoxb-1', clientId: 'c', clientSecret: 's' },
  ...{ teams: ['T1'], watch: ['C1'] },
};
const found = async () => app;
const route = slackIntake({
  apps: { find: found, findAgain: found },
  tickets,
  clock,
  publicUrl: 'http://localhost',
});

let aws: LocalAws;
let org = '';
let count = 0;
let events = 0;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());
beforeEach(() => {
  count += 1;
  org = `slack-${count}`;
});

async function post(what: 'events' | 'commands', body: string, key = KEY) {
  const timestamp = `${NOW.getTime() / 1000}`;
  const type = what === 'events' ? 'application/json' : 'application/x-www-form-urlencoded';
  const headers = {
    'content-type': type,
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': signatureFor(key, Buffer.from(body), timestamp),
  };
  const path = `/webhooks/slack/${org}/${what}`;
  const answer = await send(route, { method: 'POST', path, params: { org }, headers, body });
  return { status: answer.statusCode, body: answer.body ? JSON.parse(answer.body) : undefined };
}

function hear(event: object, change: object = {}) {
  events += 1;
  const said = { type: 'event_callback', team_id: 'T1', event_id: `Ev${events}`, event, ...change };
  return post('events', JSON.stringify(said));
}

const message = {
  type: 'message',
  channel: 'C1',
  user: 'U1',
  ts: '1763632800.000100',
  text: 'Orders &lt;late&gt;\nSince Monday',
};
const all = async () => (await tickets.list(org, { limit: 50 })).tickets;

describe('a message', () => {
  it('in a watched channel is one ticket, also when it names us and comes twice', async () => {
    const said = await hear(message);
    await hear({ ...message, type: 'app_mention' });
    await hear(message);

    expect(said.status).toBe(202);
    expect(await all()).toMatchObject([
      {
        source: 'slack',
        externalId: 'C1/1763632800.000100',
        title: 'Orders <late>',
        url: expect.stringMatching(/p1763632800000100$/),
      },
    ]);
  });

  it('is moved by its thread, its edits and its deletion', async () => {
    const later = { ...message, ts: '1763632900.000200', thread_ts: message.ts, text: 'Any news?' };
    await hear(later);
    await hear(message);
    const edit = { ...message, text: 'Orders gone' };
    const changed = {
      type: 'message',
      channel: 'C1',
      ts: '1763633000.0',
      message: edit,
      event_ts: '1763633000.0',
    };
    await hear({ ...changed, subtype: 'message_changed' });
    expect(await all()).toMatchObject([{ title: 'Orders gone', comments: [{ text: 'Any news?' }] }]);
    await hear({
      ...changed,
      subtype: 'message_deleted',
      previous_message: message,
      event_ts: '1763633100.0',
    });

    expect(await all()).toMatchObject([{ status: 'cancelled' }]);
  });

  it.each([
    ['elsewhere that does not name us', { ...message, channel: 'C2' }],
    ['of a robot', { ...message, bot_id: 'B1' }],
    ['that says who joined', { ...message, subtype: 'channel_join' }],
    ['that is a reaction', { type: 'reaction_added', channel: 'C1', user: 'U1' }],
  ])('%s is kept and ignored', async (_, event) => {
    expect((await hear(event)).status).toBe(204);
    expect(await all()).toEqual([]);
  });

  it('elsewhere that names us is a ticket', async () => {
    await hear({ ...message, type: 'app_mention', channel: 'C2', text: '<@UBOT> look at the orders' });

    expect(await all()).toMatchObject([{ title: 'look at the orders' }]);
  });

  it('from another workspace, or not signed by Slack, is refused', async () => {
    expect((await hear(message, { team_id: 'T2' })).status).toBe(401);
    expect((await post('events', '{}', 'somebody else')).status).toBe(401);
    expect(await all()).toEqual([]);
  });
});

it('answers when Slack tries out the address', async () => {
  const { body } = await post('events', JSON.stringify({ type: 'url_verification', challenge: 'abc' }));

  expect(body).toEqual({ challenge: 'abc' });
});

it('takes /triage, and says so to whoever typed it', async () => {
  const form = {
    team_id: 'T1',
    user_id: 'U1',
    channel_id: 'C9',
    trigger_id: '1.2.3',
    text: 'Invoices are late',
  };
  const { body } = await post('commands', String(new URLSearchParams(form)));

  expect(body).toMatchObject({ response_type: 'ephemeral', text: expect.stringMatching(/tickets\/tk_/) });
  expect(await all()).toMatchObject([{ title: 'Invoices are late', source: 'slack' }]);
  expect((await post('commands', String(new URLSearchParams({ ...form, text: ' ' })))).body.text).toContain(
    'Say',
  );
  expect((await post('commands', String(new URLSearchParams({ ...form, team_id: 'T2' })))).status).toBe(401);
});
