import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import type { DynamoDBRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { secretsManager } from '#adapters/aws/clients.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { slackCopies } from '#adapters/dynamodb/slack-copies.ts';
import { dynamoSlackPeople } from '#adapters/dynamodb/slack-people.ts';
import { slackApps } from '#adapters/slack/apps.ts';
import { slack } from '#adapters/slack/client.ts';
import type { Approval } from '#core/approvals/approval.ts';
import { decided, ended } from '#core/approvals/decide.ts';
import type { Question } from '#core/approvals/question.ts';
import { reminders, requests } from '#core/approvals/request.ts';
import type { Notice, ToSend } from '#core/notice.ts';
import { type Person, personId } from '#core/people/person.ts';
import type { ToSlack } from '#core/slack.ts';
import { following } from '#functions/queue/follow-approvals.ts';
import { saying } from '#functions/queue/say-in-slack.ts';
import { ANNA, approvals, BEN, handClock, NOW, ORG, question, URL_, vote } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { type Posted, SLACK_APP, type SlackDouble, slackDouble, TEAM } from '../../support/slack/double.ts';

const clock = handClock();
const people = dynamoPeople('People');
const notices = dynamoNotices('Notices');
const copies = slackCopies('Notices');
const runs = dynamoRuns('Runs');

let aws: LocalAws;
let workspace: SlackDouble;
beforeAll(async () => {
  [aws, workspace] = [await localAws(), await slackDouble(clock)];
  const SecretString = JSON.stringify(SLACK_APP);
  await secretsManager().send(new CreateSecretCommand({ Name: `test/slack/${ORG}`, SecretString }));
  for (const name of ['anna', 'ben']) {
    const email = `${name}@acme.example`;
    const id = personId(ORG, email);
    const createdAt = NOW.toISOString();
    await people.admit({ org: ORG, id, email, name, roles: ['viewer'], groups: [], createdAt });
    await dynamoSlackPeople('People').link({ org: ORG, id }, { team: TEAM, user: `U0${name.toUpperCase()}` });
  }
});
afterAll(() => Promise.all([aws.stop(), workspace.stop()]));

const mails: ToSend[] = [];
beforeEach(() => {
  clock.set(NOW);
  mails.length = 0;
  workspace.failures.clear();
  workspace.calls.length = 0;
});

const needs = () => ({
  ...{ approvals, notices, copies, people, runs, clock, publicUrl: URL_ },
  apps: slackApps('test/slack', clock),
  connect: ({ botToken: token }: { botToken: string }) =>
    slack({ url: workspace.url, token, patienceMs: 2_000 }),
  mail: async (message: ToSend) => void mails.push(message),
});

function say(message: ToSlack, change: Partial<ReturnType<typeof needs>> & { tries?: number } = {}) {
  const { tries = 1, ...rest } = change;
  const attributes = { ApproximateReceiveCount: String(tries) };
  return saying({ ...needs(), ...rest })({ body: JSON.stringify(message), attributes });
}

interface Asked {
  approval: Approval;
  posts: ToSlack[];
}

async function asked(change: Partial<Question> = {}): Promise<Asked> {
  const { step, text } = question(change);
  const approval = await approvals.propose(step, text);
  const posts: ToSlack[] = [];
  for (const notice of requests(approval, text)) {
    await notices.post(notice);
    posts.push({ kind: 'post', org: ORG, id: notice.id, to: notice.to[0] as string });
  }
  return { approval, posts };
}

const messagesOf = ({ approval }: Asked): Posted[] =>
  workspace.posted.filter(({ versions }) => JSON.stringify(versions).includes(approval.id));
const shows = ({ versions: [newest] }: Posted) => JSON.stringify(newest.blocks);
const renew = ({ approval: { id: approvalId } }: Asked): ToSlack => ({ kind: 'renew', org: ORG, approvalId });
const decide = ({ approval }: Asked, change = {}) =>
  approvals.decide(ORG, approval.id, vote(approval, change), NOW);
const warnings = async ({ approval }: Asked) =>
  (await runs.lines(ORG, approval.runId ?? ''))
    .filter(({ level }) => level === 'warn')
    .map(({ text }) => text);

describe('a request', () => {
  it('goes to each approver’s own direct messages, once, and previews nothing', async () => {
    const given = await asked();
    for (const post of [...given.posts, ...given.posts]) await say(post);
    const posted = messagesOf(given);

    expect(posted.map(({ channel }) => channel).sort()).toEqual(['D0ANNA', 'D0BEN']);
    expect(posted[0]?.versions.at(-1)).toMatchObject({
      unfurl_links: false,
      unfurl_media: false,
      parse: 'none',
      link_names: false,
    });
    expect(mails).toEqual([]);
  });

  it('is reminded of in words of its own, and both messages are edited', async () => {
    const given = await asked();
    const text = (await approvals.payload(ORG, given.approval.id, 1)) ?? '';
    const [to] = given.approval.approvers;
    const terms = { to: to ? [to] : [], number: 0, at: NOW.toISOString() };
    const [reminder] = reminders(given.approval, text, terms);
    await notices.post(reminder as Notice);
    await say(given.posts[0] as ToSlack);
    await say({ kind: 'post', org: ORG, id: reminder?.id ?? '', to: 'anna@acme.example' });
    const [first, second] = messagesOf(given) as [Posted, Posted];

    expect(shows(first)).not.toContain('Nobody has decided yet');
    expect(shows(second)).toContain('Nobody has decided yet; time left: 1 hour.');
    expect(second.versions[0].text).toMatch(/^Still waiting: Change code/);
    await decide(given);
    await say(renew(given));
    for (const one of messagesOf(given)) expect(shows(one)).toContain('Approved by');
  });

  it('is posted again, never lost, when it died before the first was noted', async () => {
    const given = await asked();
    const [post] = given.posts as [ToSlack];
    const dies = { ...copies, keep: () => Promise.reject(new Error('killed')) };
    await expect(say(post, { copies: dies })).rejects.toThrow('killed');
    await say(post);
    await decide(given);
    await say(renew(given));
    const [first, second] = messagesOf(given) as [Posted, Posted];

    expect(messagesOf(given)).toHaveLength(2);
    expect(shows(first)).toContain('approve');
    expect(shows(second)).toContain('Approved by anna@acme.example');
  });

  it('that is decided while it is posted says so at once', async () => {
    const given = await asked();
    const [post] = given.posts as [ToSlack];
    const late = {
      ...copies,
      keep: async (...kept: Parameters<typeof copies.keep>) => {
        await decide(given);
        await copies.keep(...kept);
      },
    };
    await say(post, { copies: late });

    expect(shows(messagesOf(given)[0] as Posted)).toContain('Approved by anna@acme.example');
  });

  it.each([
    ['decided already', (given: Asked) => decide(given)],
    ['too late', async () => clock.set(new Date(NOW.getTime() + 3_600_000))],
  ])('that is %s is not posted', async (_, happen) => {
    const given = await asked();
    await happen(given);
    for (const post of given.posts) await say(post);

    expect(messagesOf(given)).toEqual([]);
    expect(mails).toEqual([]);
  });

  it('whose stored text is not what its fingerprint is of goes by mail, and is not shown', async () => {
    const given = await asked();
    const [post] = given.posts as [ToSlack];
    await say(post, { approvals: { ...approvals, payload: async () => '{"to":"everybody"}' } });

    expect(messagesOf(given)).toEqual([]);
    expect(mails).toHaveLength(1);
  });

  it('goes by mail to members of a workspace that the organization names no more', async () => {
    const given = await asked();
    const app = { ...SLACK_APP, teams: ['T0OTHER'] };
    await say(given.posts[0] as ToSlack, {
      apps: { ...slackApps('test/slack', clock), find: async () => app },
    });

    expect(messagesOf(given)).toEqual([]);
    expect(mails).toHaveLength(1);
  });

  it('goes by mail to whoever has unlinked since', async () => {
    const given = await asked();
    const [post] = given.posts as [ToSlack];
    const find = async () => ({ ...(await people.find(ORG, ANNA)), slack: undefined }) as Person;
    await say(post, { people: { ...people, find } });

    expect(mails).toEqual([{ org: ORG, id: (post as ToSend).id, to: 'anna@acme.example' }]);
  });
});

/** The needs with a process that dies before or after its `nth` call of anything outside it. */
function dying(nth: number, when: 'before' | 'after') {
  let calls = 0;
  const mortal = <T extends object>(port: T): T =>
    Object.fromEntries(
      Object.entries(port).map(([name, work]) => [
        name,
        async (...args: unknown[]) => {
          calls += 1;
          const isLast = calls === nth;
          if (isLast && when === 'before') throw new Error('killed');
          const answer = await work(...args);
          if (isLast) throw new Error('killed');
          return answer;
        },
      ]),
    ) as T;
  const { connect, ...alive } = needs();
  const ports = { approvals, notices, copies, people, runs, apps: alive.apps };
  return {
    ...alive,
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, mortal(port)])),
    connect: (app: { botToken: string }) => mortal(connect(app)),
    wasKilled: () => calls >= nth,
  };
}

describe('a process that dies at any call', () => {
  it.each(['before', 'after'] as const)(
    '%s it leaves one message or two, never none, and the last says what became of it',
    async (when) => {
      let deaths = 0;
      for (let nth = 1; ; nth += 1) {
        const given = await asked();
        const [first] = given.posts as [ToSlack];
        const { wasKilled, ...posting } = dying(nth, when);
        const death = await say(first, posting as never).catch((error: Error) => error.message);
        if (wasKilled()) expect(death).toBe('killed');
        await say(first);
        const posted = messagesOf(given).length;
        await decide(given);
        const { wasKilled: wasKilledAgain, ...renewing } = dying(nth, when);
        await say(renew(given), renewing as never).catch(() => undefined);
        await say(renew(given));

        expect([1, 2]).toContain(posted);
        expect(shows(messagesOf(given).at(-1) as Posted)).toContain('Approved by anna@acme.example');
        expect(mails).toEqual([]);
        if (!wasKilled() && !wasKilledAgain()) break;
        deaths += 1;
      }

      expect(deaths).toBeGreaterThan(8);
    },
  );
});

describe('every copy', () => {
  it('is edited to who decided and when, wherever it was decided', async () => {
    const given = await asked();
    for (const post of given.posts) await say(post);
    await decide(given, { by: BEN, verdict: 'decline', reason: 'Not on a Friday' });
    await say(renew(given));

    for (const message of messagesOf(given)) {
      expect(shows(message)).toContain(
        'Declined by ben@acme.example on 2026-11-21 10:00 UTC: Not on a Friday',
      );
      expect(shows(message)).not.toContain('"value"');
    }
    expect(messagesOf(given)).toHaveLength(2);
  });

  it('is edited when nobody decided in time', async () => {
    const given = await asked();
    for (const post of given.posts) await say(post);
    await approvals.take(given.approval, ended(given.approval, 'EXPIRED', given.approval.expiresAt));
    await say(renew(given));

    expect(shows(messagesOf(given)[0] as Posted)).toContain('no answer means no');
  });

  it('shows the outcome in the end when two edits overtake each other', async () => {
    const given = await asked({ quorum: 2 });
    await say(given.posts[0] as ToSlack);
    await decide(given);
    const held = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const bot = slack({ url: workspace.url, token: SLACK_APP.botToken });
    const slow = {
      ...bot,
      edit: async (...args: Parameters<typeof bot.edit>) => {
        entered.resolve();
        await held.promise;
        await bot.edit(...args);
      },
    };
    const overtaken = say(renew(given), { connect: () => slow });
    await entered.promise;
    await decide(given, { by: BEN });
    await say(renew(given));
    held.resolve();
    await overtaken;

    expect(shows(messagesOf(given)[0] as Posted)).toContain('Approved by ben@acme.example');
  });

  it('is tried again when only one of them could be edited', async () => {
    const given = await asked();
    for (const post of given.posts) await say(post);
    await decide(given);
    workspace.failures.set('chat.update', ['internal_error']);

    await expect(say(renew(given))).rejects.toMatchObject({ code: 'Unavailable' });
    await say(renew(given));
    for (const message of messagesOf(given)) expect(shows(message)).toContain('Approved by');
  });

  it('that is gone is given up, and the others are edited', async () => {
    const given = await asked();
    for (const post of given.posts) await say(post);
    await decide(given);
    workspace.failures.set('chat.update', ['message_not_found']);
    await say(renew(given));

    expect(messagesOf(given).filter((one) => shows(one).includes('Approved by'))).toHaveLength(1);
  });
});

describe('Slack', () => {
  it('that asks to slow down is asked again after as long as it says', async () => {
    const given = await asked();
    workspace.failures.set('chat.postMessage', ['ratelimited:1']);
    const before = Date.now();
    await say(given.posts[0] as ToSlack);

    expect(Date.now() - before).toBeGreaterThanOrEqual(990);
    expect(messagesOf(given)).toHaveLength(1);
  });

  it('that asks for longer is asked again by the queue', async () => {
    const given = await asked();
    workspace.failures.set('chat.postMessage', ['ratelimited:60']);

    await expect(say(given.posts[0] as ToSlack)).rejects.toMatchObject({ code: 'TooMany' });
    expect(mails).toEqual([]);
  });

  it('that is down for three tries is not waited for: the request goes by mail', async () => {
    const given = await asked();
    const [post] = given.posts as [ToSlack];
    for (const tries of [1, 2]) {
      workspace.failures.set('chat.postMessage', ['service_unavailable']);
      await expect(say(post, { tries })).rejects.toMatchObject({ code: 'Unavailable' });
    }
    workspace.failures.set('chat.postMessage', ['service_unavailable']);
    await say(post, { tries: 3 });

    expect(mails).toHaveLength(1);
    expect(await warnings(given)).toEqual([expect.stringContaining('service_unavailable')]);
  });

  it.each([
    ['token_revoked', 'renew the Slack app'],
    ['account_inactive', 'renew the Slack app'],
    ['user_disabled', 'user_disabled'],
    ['invalid_blocks', 'invalid_blocks'],
  ])('that says %s sends the request by mail at once, and says why on the ticket', async (error, words) => {
    const given = await asked();
    workspace.failures.set('chat.postMessage', [error]);
    await say(given.posts[0] as ToSlack);

    expect(mails).toHaveLength(1);
    expect(await warnings(given)).toEqual([expect.stringContaining(words)]);
  });

  it('that lacks a scope names it on the ticket', async () => {
    const given = await asked();
    workspace.scopes.delete('im:write');
    await say(given.posts[0] as ToSlack);
    workspace.scopes.add('im:write');

    expect(mails).toHaveLength(1);
    expect(await warnings(given)).toEqual([expect.stringContaining('needs im:write')]);
  });

  it('that cannot be reached is no reason to lose a message', async () => {
    const given = await asked();
    const nowhere = () => slack({ url: 'http://127.0.0.1:1', token: SLACK_APP.botToken });

    await expect(say(given.posts[0] as ToSlack, { connect: nowhere })).rejects.toMatchObject({
      code: 'Unavailable',
    });
  });

  it('whispers to one person', async () => {
    await say({ kind: 'whisper', org: ORG, channel: 'D0ANNA', user: 'U0ANNA', text: 'Link first' });

    expect(workspace.whispers.at(-1)).toMatchObject({
      channel: 'D0ANNA',
      user: 'U0ANNA',
      text: 'Link first',
    });
  });
});

describe('follow', () => {
  const { step } = question({ quorum: 2 });
  const image = (approval: Approval) =>
    ({
      org: { S: ORG },
      id: { S: approval.id },
      status: { S: approval.status },
      revision: { N: String(approval.revision) },
      votes: { L: approval.votes.map(() => ({ M: {} })) },
    }) as const;
  const before = step.next;
  const voted = decided(before, vote(before), NOW.toISOString()).next;

  it.each<[string, Approval, Approval | undefined, number]>([
    ['a vote', before, voted, 1],
    ['a decision', before, { ...before, status: 'DECLINED' }, 1],
    ['an end', before, { ...before, status: 'EXPIRED' }, 1],
    ['another revision', before, { ...before, revision: 2 }, 1],
    ['a first look', before, { ...before, firstViewedAt: NOW.toISOString() }, 0],
    ['what comes after a decision', { ...before, status: 'APPROVED' }, { ...before, status: 'EXECUTED' }, 0],
  ])('%s', async (_, old, next, messages) => {
    const sent: ToSlack[] = [];
    const record = { eventName: 'MODIFY', dynamodb: { OldImage: image(old), NewImage: next && image(next) } };
    await following(async (message) => void sent.push(message))(record as DynamoDBRecord);

    expect(sent).toHaveLength(messages);
  });

  it('leaves a new request, and rows that are none, alone', async () => {
    const sent: ToSlack[] = [];
    const follow = following(async (message) => void sent.push(message));
    await follow({ eventName: 'INSERT', dynamodb: { NewImage: image(before) } } as DynamoDBRecord);
    await follow({ eventName: 'INSERT', dynamodb: { NewImage: { pk: { S: 'R#1' } } } } as DynamoDBRecord);

    expect(sent).toEqual([]);
  });
});

describe('a notice that somebody wants in Slack', () => {
  const notice = (id: string): Notice => ({
    ...{ org: ORG, id, kind: 'ticket_closed', to: ['anna@acme.example'], at: NOW.toISOString() },
    subject: `${id} is merged <!channel>`,
    ...{ paragraphs: ['The ticket is merged.'], facts: [{ name: 'Ticket', value: 'ETL-1' }] },
    link: { label: 'Open the ticket', url: 'http://localhost/tickets/tk_1' },
  });
  const tell = (id: string, to = 'anna@acme.example'): ToSlack => ({ kind: 'tell', org: ORG, id, to });
  const posted = (id: string) =>
    workspace.posted.filter((one) => JSON.stringify(one).includes(`${id} is merged`));

  it('is in their direct messages, once', async () => {
    await notices.post(notice('tell-1'));
    for (const _ of [1, 2]) await say(tell('tell-1'));

    expect(posted('tell-1').map(({ channel }) => channel)).toEqual(['D0ANNA']);
    expect(JSON.stringify(posted('tell-1'))).not.toContain('<!channel>');
    expect(mails).toEqual([]);
  });

  it.each([
    ['has not linked Slack', 'zoe@acme.example', [], 1],
    ['cannot be reached there', 'anna@acme.example', ['account_inactive'], 1],
    ['could not be reached at the last try', 'anna@acme.example', ['service_unavailable'], 3],
  ])('goes by mail to whoever %s', async (_, to, failures, tries) => {
    const id = `tell-${to}-${failures}`;
    await notices.post({ ...notice(id), to: [to] });
    workspace.failures.set('chat.postMessage', [...failures]);
    await say(tell(id, to), { tries });

    expect(mails).toEqual([{ org: ORG, id, to }]);
    expect(posted(id)).toEqual([]);
  });

  it('comes again when Slack cannot take it now', async () => {
    await notices.post(notice('tell-2'));
    workspace.failures.set('chat.postMessage', ['service_unavailable']);

    await expect(say(tell('tell-2'))).rejects.toMatchObject({ code: 'Unavailable' });
    await say(tell('tell-2'), { tries: 2 });
    expect(posted('tell-2')).toHaveLength(1);
  });
});
