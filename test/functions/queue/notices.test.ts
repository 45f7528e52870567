import type { DynamoDBRecord } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { signInCodes } from '#adapters/codes.ts';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoPreferences } from '#adapters/dynamodb/preferences.ts';
import { dynamoSlackPeople } from '#adapters/dynamodb/slack-people.ts';
import { render } from '#adapters/email/render.ts';
import { sesMail } from '#adapters/email/send.ts';
import { approvalCodes, approvalTokens } from '#adapters/links.ts';
import { requests } from '#core/approvals/request.ts';
import { canonical } from '#core/canonical.ts';
import type { Notice, ToSend } from '#core/notice.ts';
import { personId } from '#core/people/person.ts';
import type { ToSlack } from '#core/slack.ts';
import { enqueueing } from '#functions/queue/enqueue-notices.ts';
import { sending } from '#functions/queue/send-notice.ts';
import {
  ANNA,
  BEN,
  handClock,
  links,
  NOW,
  ORG,
  payload,
  question,
  SECRET,
  URL_,
} from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';

const preferences = dynamoPreferences('Notices');
let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const clock = handClock();
beforeEach(() => clock.set(NOW));

const notices = dynamoNotices('Notices');
const people = dynamoPeople('People');
const tokens = approvalTokens(SECRET, clock);
const needs = {
  ...{ notices, links, tokens, clock, publicUrl: URL_ },
  codes: signInCodes(SECRET),
  approvalCodes: approvalCodes(SECRET),
  send: sesMail('Signalbox <signalbox@acme.example>'),
};

function deliver(message: ToSend, change: Partial<typeof needs> = {}): Promise<void> {
  return sending({ ...needs, ...change })({ body: JSON.stringify(message) });
}

async function posted(): Promise<{ notice: Notice; message: ToSend }> {
  const [notice] = requests(question().step.next, canonical(payload()));
  if (!notice) throw new Error('nobody is asked');
  await notices.post(notice);
  return { notice, message: { org: ORG, id: notice.id, to: 'anna@acme.example' } };
}

describe('enqueue', () => {
  const to = { L: [{ S: 'a@b.co' }, { S: 'c@d.co' }] };
  const image = { org: { S: ORG }, id: { S: 'n' }, to };
  const asks = (approver: string) => ({
    minted: { M: { kind: { S: 'approval_link' }, approver: { S: approver } } },
  });

  async function enqueued(eventName: 'INSERT' | 'MODIFY' | 'REMOVE', more: object = {}) {
    const mails: ToSend[] = [];
    const slacks: ToSlack[] = [];
    const record: DynamoDBRecord = { eventName, dynamodb: { NewImage: { ...image, ...more } } };
    await enqueueing({
      mail: async (message) => void mails.push(message),
      slack: async (message) => void slacks.push(message),
      ...{ people, preferences, clock: { now: () => NOW } },
    })(record);
    return { mails, slacks };
  }

  it.each([
    ['INSERT', 2],
    ['MODIFY', 0],
    ['REMOVE', 0],
  ] as const)('%s becomes %i messages, with names only', async (eventName, messages) => {
    const { mails } = await enqueued(eventName);

    expect(mails).toHaveLength(messages);
    for (const message of mails) expect(Object.keys(message)).toEqual(['org', 'id', 'to']);
  });

  it('goes to Slack for whoever has linked it, if it asks to decide', async () => {
    const createdAt = NOW.toISOString();
    const email = 'anna@acme.example';
    await people.admit({ org: ORG, id: ANNA, email, name: 'Anna', roles: ['viewer'], groups: [], createdAt });
    const before = await enqueued('INSERT', asks(ANNA));
    await dynamoSlackPeople('People').link({ org: ORG, id: ANNA }, { team: 'T0ACME', user: 'U0ANNA' });

    expect(before).toMatchObject({ mails: [{}, {}], slacks: [] });
    expect(await enqueued('INSERT', asks(ANNA))).toMatchObject({
      mails: [],
      slacks: [{ kind: 'post', org: ORG, id: 'n', to: 'a@b.co' }, {}],
    });
    expect(await enqueued('INSERT')).toMatchObject({ mails: [{}, {}], slacks: [] });
    expect(await enqueued('INSERT', asks(BEN))).toMatchObject({ mails: [{}, {}], slacks: [] });
  });
});

describe('preferences', () => {
  const to = { L: [{ S: 'a@b.co' }, { S: 'c@d.co' }] };

  async function enqueued(org: string, kind: string) {
    const sent: string[] = [];
    const record = {
      eventName: 'INSERT',
      dynamodb: { NewImage: { org: { S: org }, id: { S: 'n' }, kind: { S: kind }, to } },
    };
    await enqueueing({
      mail: async (message) => void sent.push(`mail ${message.to}`),
      slack: async (message) => void sent.push('to' in message ? `slack ${message.to}` : ''),
      ...{ people, preferences, clock: { now: () => NOW } },
    })(record as DynamoDBRecord);
    return sent;
  }

  it.each([
    ['off', ['mail c@d.co']],
    ['slack', ['slack a@b.co', 'mail c@d.co']],
    ['email', ['mail a@b.co', 'mail c@d.co']],
  ] as const)('of one person are theirs alone: %s', async (way, sent) => {
    const org = `prefers-${way}`;
    await preferences.putPersonal(org, personId(org, 'a@b.co'), {
      ways: { ticket_closed: way },
      revision: 0,
    });

    expect(await enqueued(org, 'ticket_closed')).toEqual(sent);
    expect(await enqueued(org, 'ticket_escalated')).toEqual(['mail a@b.co', 'mail c@d.co']);
  });

  it('keep quiet until then, but for what asks to decide and what guards an account', async () => {
    const org = 'prefers-quiet';
    const until = (at: Date) => ({ ways: {}, quietUntil: at.toISOString() });
    const id = personId(org, 'a@b.co');
    const first = await preferences.putPersonal(org, id, {
      ...until(new Date(NOW.getTime() + 1)),
      revision: 0,
    });
    expect(await enqueued(org, 'ticket_closed')).toEqual(['mail c@d.co']);
    for (const kind of ['approval_requested', 'approval_reminder', 'sign_in_code', 'passkey_added'])
      expect(await enqueued(org, kind)).toContain('mail a@b.co');
    await preferences.putPersonal(org, id, { ...first, ...until(NOW) });

    expect(await enqueued(org, 'ticket_closed')).toContain('mail a@b.co');
  });

  it('are written only over what was read', async () => {
    const put = (revision: number) => preferences.putPersonal('prefers-once', 'p_1', { ways: {}, revision });
    await put(0);

    await expect(put(0)).rejects.toMatchObject({ code: 'Conflict' });
    await expect(put(7)).rejects.toMatchObject({ code: 'Conflict' });
    expect(await put(1)).toEqual({ ways: {}, revision: 2 });
    expect(await preferences.personal('prefers-once', 'p_1')).toEqual({ ways: {}, revision: 2 });
  });
});

describe('send', () => {
  it('T09: mails one link that leads to the question, with tracking off', async () => {
    const { notice, message } = await posted();
    await deliver(message);
    const [mail] = aws.mails();
    const [, url = ''] = /(https:\S+)/.exec(mail?.text ?? '') ?? [];
    const view = await tokens.readLink(new URL(url).searchParams.get('t') ?? '');

    expect(mail).toMatchObject({ to: ['anna@acme.example'], subject: notice.subject });
    expect(JSON.stringify(mail?.options)).toContain('"ClickTrackingEnabled":"DISABLED"');
    expect(url.startsWith(`${URL_}/a/act_`)).toBe(true);
    expect(mail?.html?.match(/<a /g)).toHaveLength(1);
    expect(await links.find(ORG, view?.linkHash ?? '')).toMatchObject({ approver: view?.approver });
  });

  it('sends a repeated message once', async () => {
    const { message } = await posted();
    const before = aws.mails().length;
    await deliver(message);
    await deliver(message);

    expect(aws.mails()).toHaveLength(before + 1);
  });

  it('sends the same link again when it died before it could note the first', async () => {
    const { message } = await posted();
    const dies = { ...notices, markSent: () => Promise.reject(new Error('killed')) };
    await expect(deliver(message, { notices: dies })).rejects.toThrow('killed');
    const first = aws.mails()[0]?.text;
    await deliver(message);

    expect(aws.mails()[0]?.text).toBe(first);
  });

  it('sends nothing that is no good any more', async () => {
    const { notice, message } = await posted();
    const before = aws.mails().length;
    clock.set(new Date(notice.minted?.expiresAt ?? ''));
    await deliver(message);

    expect(aws.mails()).toHaveLength(before);
  });
});

describe('a mail', () => {
  const base = requests(question().step.next, canonical(payload()))[0] as Notice;

  it('escapes what came from outside, and marks what an agent says', () => {
    const ticket = { ...payload().ticket, title: '<img src=x onerror=1>\u202Egnp' };
    const diagnosis = { ...payload().diagnosis, summary: '<script>1</script>' };
    const [notice] = requests(question().step.next, canonical(payload({ ticket, diagnosis })));
    const mail = render(notice as Notice, undefined);

    expect(mail.html).not.toMatch(/<img|<script/);
    expect(mail.html).toContain('The agent says (not verified)');
    expect(mail.html).toContain('⟦U+202E⟧');
    expect(mail.subject).toContain('⟦U+202E⟧');
  });

  it('keeps its subject on one line', () => {
    expect(render({ ...base, subject: 'a\r\nBcc: x@y.z' }, undefined).subject).toBe('a  Bcc: x@y.z');
  });
});
