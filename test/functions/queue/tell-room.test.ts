import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { discordRoom } from '#adapters/discord/answer.ts';
import { dynamoOutbox } from '#adapters/dynamodb/outbox.ts';
import { dynamoPreferences } from '#adapters/dynamodb/preferences.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { emailRoom } from '#adapters/email/answer.ts';
import type { Mail } from '#adapters/email/render.ts';
import { linearRoom } from '#adapters/linear/answer.ts';
import { slackRoom } from '#adapters/slack/answer.ts';
import { slack } from '#adapters/slack/client.ts';
import type { Room, ToRoom } from '#core/preferences.ts';
import type { Outbox } from '#core/tickets/answer.ts';
import type { Source, Ticket } from '#core/tickets/ticket.ts';
import { tellRoom } from '#functions/queue/tell-room.ts';
import { tellRooms } from '#functions/queue/tell-rooms.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { SLACK_APP, type SlackDouble, slackDouble } from '../../support/slack/double.ts';
import { AT, delivery, ticket } from '../../support/tickets.ts';
import { DISCORD_TOKEN, discordDouble } from '../../support/vendors/discord.ts';
import { LINEAR_KEY, linearDouble } from '../../support/vendors/linear.ts';

const clock = { now: () => new Date(AT) };
const tickets = dynamoTickets('Tickets', 'Deliveries', clock);
const outbox = dynamoOutbox('Deliveries', clock);
const preferences = dynamoPreferences('Notices');

let aws: LocalAws;
let workspace: SlackDouble;
let discord: Awaited<ReturnType<typeof discordDouble>>;
let linear: Awaited<ReturnType<typeof linearDouble>>;
let mails: { to: string; mail: Mail }[] = [];
let org = '';
let count = 0;

beforeAll(async () => {
  aws = await localAws();
  [workspace, discord, linear] = await Promise.all([slackDouble(clock), discordDouble(), linearDouble()]);
});
afterAll(async () => {
  await Promise.all([workspace.stop(), discord.stop(), linear.stop(), aws.stop()]);
});
beforeEach(() => {
  count += 1;
  org = `rooms-${count}`;
  mails = [];
  for (const kept of [workspace.posted, discord.trouble, linear.trouble]) kept.length = 0;
  discord.messages.clear();
  linear.comments.clear();
});

type When = Room['when'];
const all: When = ['progress', 'review', 'trouble', 'end'];
const roomIn = (channel: Room['channel'], when: When = all): Room => {
  const to = { slack: 'C0OPS', discord: discord.channel, linear: linear.issue, email: 'ops@acme.example' };
  return { channel, to: to[channel], when, tickets: 'all' };
};

function telling(said: Pick<Outbox, 'inTurn'> = outbox) {
  const isPrivate = true;
  const tell = tellRoom({
    tickets,
    outbox: said,
    publicUrl: 'http://localhost:4600',
    channels: {
      slack: ({ to }) =>
        slackRoom(to, {
          apps: { find: async () => SLACK_APP },
          connect: ({ botToken: token }) => slack({ url: workspace.url, token }),
        }),
      discord: ({ to }) =>
        discordRoom(to, async () => ({ token: DISCORD_TOKEN, url: discord.url, isPrivate })),
      linear: ({ to }) => linearRoom(to, async () => ({ apiKey: LINEAR_KEY, url: linear.url, isPrivate })),
      email: (room) => emailRoom(room, async (to, mail) => void mails.push({ to, mail })),
    },
  });
  return (ticketId: string, room: Room) => tell({ body: JSON.stringify({ org, ticketId, room }) });
}

async function made(source: Source = 'drift', title = 'Orders: a column is gone'): Promise<Ticket> {
  const one = ticket({ org, source, title, externalId: `acme/tap-orders ${count}` });
  return (await tickets.accept(one, delivery({ org, source }))).ticket;
}

const escalate = (id: string, reason: string) =>
  tickets.advance(org, id, ['received', 'triaging'], { status: 'escalated', reason });

/** Speaks, and dies before it is noted. */
const FORGETFUL: Pick<Outbox, 'inTurn'> = {
  inTurn: async (_ticket, _place, speak) => void (await speak(undefined)),
};

/** What stands in each room, the newest version first. */
const told = {
  slack: () => workspace.posted.map(({ versions }) => versions.map((one) => JSON.stringify(one))),
  discord: () => [...discord.messages.values()],
  linear: () => [...linear.comments.values()],
};

describe.each(['slack', 'discord', 'linear'] as const)('a room in %s', (channel) => {
  it('has one message for each ticket, edited in place, also when a crash left it unnoted', async () => {
    const { id } = await made();
    await telling(FORGETFUL)(id, roomIn(channel));
    await escalate(id, '@everyone ``` <!channel> **bold**');
    for (const _ of [1, 2]) await telling()(id, roomIn(channel));
    const [versions, ...others] = told[channel]();

    expect(others).toEqual([]);
    expect(versions).toHaveLength(2);
    expect(versions?.[0]).toContain('Orders');
    expect(versions?.[0]).toContain('A person has to look at this');
  });

  it('hears of nothing before what it asked for has happened, and from then on of everything', async () => {
    const { id } = await made();
    const room = roomIn(channel, ['trouble']);
    await telling()(id, room);
    expect(told[channel]()).toEqual([]);
    await escalate(id, 'No repository');
    await telling()(id, room);
    await tickets.advance(org, id, ['escalated'], { status: 'cancelled', reason: 'Never mind' });
    await telling()(id, room);

    expect(told[channel]()).toHaveLength(1);
    expect(told[channel]()[0]?.[0]).toContain('Cancelled');
  });

  it('takes the longest that a ticket can say', async () => {
    const { id } = await made('drift', '*_~`[]()<>@#'.repeat(25));
    await escalate(id, '``` @'.repeat(700));
    await telling()(id, roomIn(channel));

    expect(told[channel]()).toHaveLength(1);
  });
});

it.each([
  ['discord', { status: 429, headers: { 'retry-after': '65.5' } }, { code: 'TooMany', afterMs: 65_500 }],
  ['discord', { status: 503 }, { code: 'Unavailable' }],
  [
    'linear',
    { status: 400, body: errors('RATELIMITED'), headers: { 'retry-after': '90' } },
    { code: 'TooMany', afterMs: 90_000 },
  ],
  ['linear', { status: 502 }, { code: 'Unavailable' }],
] as const)('of %s answering %j comes again', async (channel, refusal, fault) => {
  const { id } = await made();
  (channel === 'discord' ? discord : linear).trouble.push(refusal);

  await expect(telling()(id, roomIn(channel))).rejects.toMatchObject(fault);
  await telling()(id, roomIn(channel));
  expect(told[channel]()).toHaveLength(1);
});

it.each([
  ['discord', { status: 403, body: { code: 50001, message: 'Missing Access' } }, /invite the bot/],
  ['discord', { status: 401, body: { message: '401: Unauthorized' } }, /new token into its secret/],
  ['discord', { status: 404, body: { code: 10003, message: 'Unknown Channel' } }, /no such channel/],
  ['linear', { status: 401, body: errors('AUTHENTICATION_ERROR') }, /new key/],
  ['linear', { status: 200, body: errors('FORBIDDEN') }, /Not now/],
] as const)('of %s answering %j is over, for people to see', async (channel, refusal, words) => {
  const one = await made();
  const { trouble } = channel === 'discord' ? discord : linear;
  // Linear is asked a second time, whether our comment is there already.
  trouble.push(refusal, ...(channel === 'linear' ? [refusal] : []));
  await telling()(one.id, roomIn(channel));

  expect(told[channel]()).toEqual([]);
  expect(await outbox.answers(one)).toMatchObject([{ trouble: expect.stringMatching(words) }]);
});

function errors(code: string) {
  return { errors: [{ message: 'Not now', extensions: { code } }] };
}

it('mails what was asked for, each status once', async () => {
  const { id } = await made();
  const room = roomIn('email', ['trouble', 'end']);
  for (const _ of [1, 2]) await telling()(id, room);
  await escalate(id, 'No repository');
  for (const _ of [1, 2]) await telling()(id, room);
  await tickets.advance(org, id, ['escalated'], { status: 'cancelled', reason: 'Never mind' });
  await telling()(id, room);

  expect(mails.map(({ to, mail }) => [to, mail.subject])).toEqual([
    ['ops@acme.example', expect.stringMatching(/A person has to look at this/)],
    ['ops@acme.example', expect.stringMatching(/Cancelled/)],
  ]);
});

it.each([
  ['drift', 'homeless', 1],
  ['hotglue', 'homeless', 1],
  ['jira', 'homeless', 0],
  ['jira', 'all', 1],
] as const)('a ticket of %s is for rooms of %s tickets: %i', async (source, which, times) => {
  const room = { ...roomIn('discord'), tickets: which };
  await preferences.putRooms(org, { rooms: [room], revision: 0 });
  const sent: ToRoom[] = [];
  const send = async (message: ToRoom) => void sent.push(message);
  const tell = { slack: send, discord: send, linear: send, email: send };
  await tellRooms({ preferences, tell })({
    body: JSON.stringify({ detail: { org, ticketId: 'tk_1', source } }),
  });

  expect(sent).toEqual(Array.from({ length: times }, () => ({ org, ticketId: 'tk_1', room })));
});
