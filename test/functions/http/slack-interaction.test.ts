import { createHash } from 'node:crypto';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { dynamo, secretsManager } from '#adapters/aws/clients.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoReplays } from '#adapters/dynamodb/replays.ts';
import { dynamoSlackPeople } from '#adapters/dynamodb/slack-people.ts';
import { type SlackApps, slackApps } from '#adapters/slack/apps.ts';
import { slack } from '#adapters/slack/client.ts';
import { requestMessage } from '#adapters/slack/messages.ts';
import { signatureFor } from '#adapters/slack/signature.ts';
import type { Approval } from '#core/approvals/approval.ts';
import type { Question } from '#core/approvals/question.ts';
import { personId, type SlackMember } from '#core/people/person.ts';
import type { ToSlack } from '#core/slack.ts';
import { slackInteraction } from '#functions/http/slack-interaction.ts';
import { http } from '#functions/http.ts';
import {
  ANNA,
  approvals,
  asking,
  BEN,
  handClock,
  NOW,
  ORG,
  question,
  REPORTER,
  URL_,
  vote,
} from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { type Answer, event, type Sent, send } from '../../support/request.ts';
import {
  type Posted,
  type Signed,
  SLACK_APP,
  type SlackDouble,
  slackDouble,
  TEAM,
} from '../../support/slack/double.ts';

const clock = handClock();
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const people = dynamoPeople('People');
const members = dynamoSlackPeople('People');

let aws: LocalAws;
let workspace: SlackDouble;
let apps: SlackApps;
beforeAll(async () => {
  [aws, workspace] = [await localAws(), await slackDouble(clock)];
  const SecretString = JSON.stringify(SLACK_APP);
  await secretsManager().send(new CreateSecretCommand({ Name: `test/slack/${ORG}`, SecretString }));
  for (const name of ['anna', 'ben', 'rita', 'cleo']) await linked(name);
});
afterAll(() => Promise.all([aws.stop(), workspace.stop()]));
beforeEach(() => {
  clock.set(NOW);
  said.length = 0;
  apps = slackApps('test/slack', clock);
});

const said: ToSlack[] = [];

function member(name: string): SlackMember {
  return { team: TEAM, user: `U0${name.toUpperCase()}` };
}

async function linked(name: string): Promise<void> {
  const email = `${name}@acme.example`;
  const id = personId(ORG, email);
  const createdAt = NOW.toISOString();
  await people.admit({ org: ORG, id, email, name, roles: ['viewer'], groups: [], createdAt });
  await members.link({ org: ORG, id }, member(name));
}

interface Asked {
  approval: Approval;
  message: Posted;
}

/** A request that was asked, with its message in somebody's Slack. */
async function asked(change: Partial<Question> = {}): Promise<Asked> {
  const { step, text } = question(change);
  const approval = await approvals.propose(step, text);
  const bot = slack({ url: workspace.url, token: SLACK_APP.botToken });
  const url = `${URL_}/a/${approval.id}`;
  await bot.post('D0ANNA', requestMessage({ approval, payload: text, revision: approval.revision, url }));
  return { approval, message: workspace.posted.at(-1) as Posted };
}

function route() {
  return slackInteraction({
    ...asking(clock),
    ...{ apps, members, publicUrl: URL_ },
    isNew: dynamoReplays('Approvals'),
    connect: ({ botToken: token }) => slack({ url: workspace.url, token }),
    say: async (message) => void said.push(message),
  });
}

function deliver({ headers, body }: Signed, change: Partial<Sent> = {}): Promise<Answer> {
  const path = `/webhooks/slack/${ORG}/interactions`;
  return send(route(), { method: 'POST', path, params: { org: ORG }, headers, body, ...change });
}

const approve = (name: string, { message }: Asked) => workspace.press(member(name), message, 'approve');

async function expectUntouched({ approval }: Asked): Promise<void> {
  expect(await approvals.find(ORG, approval.id)).toEqual(approval);
  expect(await approvals.ledger(ORG, approval.id)).toHaveLength(1);
}

const stands = async ({ approval: { id } }: Asked) => (await approvals.find(ORG, id)) as Approval;

async function decline(name: string, given: Asked, reason = 'Too risky'): Promise<Answer> {
  await deliver(workspace.press(member(name), given.message, 'decline'));
  return deliver(workspace.submit(member(name), { reason }));
}

describe('a press in Slack', () => {
  it('approves as the person, in the same transaction as on the web, and is answered empty', async () => {
    const given = await asked();
    const answer = await deliver(approve('anna', given));
    const { status, decision } = await stands(given);

    expect(answer).toMatchObject({ statusCode: 200, body: '' });
    expect({ status, decision }).toMatchObject({
      status: 'APPROVED',
      decision: { by: ANNA, verdict: 'approve', channel: 'slack', auth: 'slack' },
    });
    expect(await approvals.ledger(ORG, given.approval.id)).toHaveLength(2);
    expect(said).toEqual([]);
  });

  it('declines with the reason that the modal asks for', async () => {
    const given = await asked();
    const answer = await decline('anna', given, '  Not on a Friday  ');

    expect(answer).toMatchObject({ statusCode: 200, body: '' });
    expect(await stands(given)).toMatchObject({
      status: 'DECLINED',
      decision: { by: ANNA, verdict: 'decline', reason: 'Not on a Friday', channel: 'slack' },
    });
  });

  it('needs a reason to decline', async () => {
    const given = await asked();
    const answer = await decline('anna', given, '   ');

    expect(JSON.parse(answer.body)).toEqual({
      response_action: 'errors',
      errors: { reason: 'To decline, say why.' },
    });
    await expectUntouched(given);
  });

  it('that came too late is told who decided, in Slack and in the modal', async () => {
    const given = await asked();
    await deliver(workspace.press(member('ben'), given.message, 'decline'));
    await deliver(approve('anna', given));
    const submitted = await deliver(workspace.submit(member('ben'), { reason: 'no' }));
    await deliver(approve('ben', given));
    const words = `It was already approved on ${NOW.toISOString()} by anna@acme.example.`;

    expect(JSON.parse(submitted.body)).toMatchObject({ errors: { reason: words } });
    expect(said).toEqual([{ kind: 'whisper', org: ORG, channel: 'D0ANNA', user: 'U0BEN', text: words }]);
  });

  it('on the link to the page is acknowledged and does nothing', async () => {
    const given = await asked();
    const answer = await deliver(workspace.press(member('anna'), given.message, 'open'));

    expect(answer).toMatchObject({ statusCode: 200, body: '' });
    await expectUntouched(given);
  });

  it('of somebody who has not linked their account decides nothing, and says how to', async () => {
    const given = await asked();
    const { statusCode } = await deliver(approve('zoe', given));
    const modal = await decline('zoe', given);

    expect(statusCode).toBe(200);
    expect(said).toMatchObject([{ kind: 'whisper', user: 'U0ZOE' }]);
    expect(JSON.stringify(said)).toContain(`${URL_}/auth/slack`);
    expect(modal.body).toContain(`${URL_}/auth/slack`);
    await expectUntouched(given);
  });

  it('counts no more once the person has unlinked', async () => {
    await linked('uma');
    const id = personId(ORG, 'uma@acme.example');
    const approvers = [{ id, email: 'uma@acme.example' }];
    const given = await asked({ approvers });
    await members.unlink((await people.find(ORG, id)) as never);
    await deliver(approve('uma', given));

    expect(said).toHaveLength(1);
    await expectUntouched(given);
  });
});

describe('T22: the same person on the web and in Slack', () => {
  it('at once is one vote and one decision', async () => {
    const given = await asked({ quorum: 2 });
    const presses = [0, 1, 2].map((seconds) => {
      clock.set(later(seconds));
      return approve('anna', given);
    });
    const [outcomes] = await Promise.all([
      Promise.all([1, 2, 3].map(() => approvals.decide(ORG, given.approval.id, vote(given.approval), NOW))),
      Promise.all(presses.map((one) => deliver(one))),
    ]);
    const after = await stands(given);

    expect(outcomes.every(({ refusal }) => !refusal)).toBe(true);
    expect(after.votes).toHaveLength(1);
    expect(after.status).toBe('PENDING');
    expect(await approvals.ledger(ORG, given.approval.id)).toHaveLength(2);
    expect(said).toEqual([]);
  });
});

describe('T23: one human, two identities', () => {
  it('cannot make a quorum of themselves by mail and Slack', async () => {
    const given = await asked({ quorum: 2 });
    await approvals.decide(
      ORG,
      given.approval.id,
      vote(given.approval, { channel: 'email', auth: 'code' }),
      NOW,
    );
    await deliver(approve('anna', given));

    expect(await stands(given)).toMatchObject({ status: 'PENDING', votes: [{ by: ANNA }] });
  });

  it('cannot vote in the place of somebody who has voted', async () => {
    const given = await asked({ quorum: 2 });
    const cleo = personId(ORG, 'cleo@acme.example');
    await people.delegate({
      ...{ org: ORG, id: 'del_1', from: ANNA, to: cleo, action: '*', maxRisk: 'medium' },
      ...{ startsAt: NOW.toISOString(), endsAt: later(3_600).toISOString(), createdAt: NOW.toISOString() },
    });
    await approvals.decide(ORG, given.approval.id, vote(given.approval), NOW);
    await deliver(approve('cleo', given));

    expect(await stands(given)).toMatchObject({ status: 'PENDING', votes: [{ by: ANNA }] });
    expect(said).toMatchObject([{ user: 'U0CLEO' }]);
  });

  it('counts as the one whose place they take, and for both', async () => {
    const given = await asked({ quorum: 2 });
    await linked('dan');
    const dan = personId(ORG, 'dan@acme.example');
    await people.delegate({
      ...{ org: ORG, id: 'del_2', from: BEN, to: dan, action: '*', maxRisk: 'medium' },
      ...{ startsAt: NOW.toISOString(), endsAt: later(3_600).toISOString(), createdAt: NOW.toISOString() },
    });
    await deliver(approve('dan', given));
    await deliver(approve('ben', given));

    expect(await stands(given)).toMatchObject({ status: 'PENDING', votes: [{ by: dan, onBehalfOf: BEN }] });
  });

  it('cannot link one Slack account to two people, nor two to one person', async () => {
    const ben = { org: ORG, id: BEN };

    await expect(members.link(ben, member('anna'))).rejects.toThrow('linked to somebody else');
    await expect(members.link(ben, member('ben2'))).rejects.toThrow('unlink that first');
    expect(await members.find(ORG, member('anna'))).toMatchObject({ id: ANNA });
  });

  it('can link an account again that somebody has unlinked', async () => {
    await linked('vera');
    const vera = personId(ORG, 'vera@acme.example');
    await members.unlink((await people.find(ORG, vera)) as never);

    expect(await members.find(ORG, member('vera'))).toBeUndefined();
    await linked('vera');
    expect(await members.find(ORG, member('vera'))).toMatchObject({ id: vera });
  });
});

it('T23: a link that only one side knows of is none', async () => {
  await linked('wim');
  const Key = { pk: `ORG#${ORG}`, sk: `PERSON#${personId(ORG, 'wim@acme.example')}` };
  await dynamo().send(new UpdateCommand({ TableName: 'People', Key, UpdateExpression: 'REMOVE slack' }));

  expect(await members.find(ORG, member('wim'))).toBeUndefined();
});

describe('T24: whoever had a part in asking', () => {
  it.each(['approve', 'decline'])('cannot %s by Slack either', async (action) => {
    const rita = { id: REPORTER, email: 'rita@acme.example' };
    const given = await asked({ approvers: [rita, { id: ANNA, email: 'anna@acme.example' }] });
    const answer = await (action === 'approve' ? deliver(approve('rita', given)) : decline('rita', given));

    expect(answer.body + JSON.stringify(said)).toContain('You had a part in asking');
    await expectUntouched(given);
  });
});

describe('T25: another workspace', () => {
  it.each([
    ['a guest of a shared channel', 'T0PARTNER', TEAM],
    ['an app that is installed elsewhere', TEAM, 'T0PARTNER'],
    ['an app that belongs to no workspace', TEAM, null],
    ['a member of no workspace', undefined, TEAM],
  ])('%s decides nothing', async (_, userTeam, team) => {
    const given = await asked();
    const press = JSON.parse(new URLSearchParams(approve('anna', given).body).get('payload') ?? '');
    const forged = { ...press, team: team && { id: team }, user: { ...press.user, team_id: userTeam } };

    expect(await deliver(workspace.sign(forged))).toMatchObject({ statusCode: 200 });
    expect(said).toMatchObject([{ kind: 'whisper', text: expect.stringContaining('workspaces') }]);
    await expectUntouched(given);
  });

  it('and another organization, whose requests are not there', async () => {
    const given = await asked();
    const answer = await deliver(approve('anna', given), { params: { org: 'other' } });

    expect(answer.statusCode).toBe(401);
    await expectUntouched(given);
  });
});

describe('T41: a forged request', () => {
  type Change = (signed: Signed, given: Asked) => { signed: Signed; sent?: Partial<Sent> };
  const header =
    (name: string, change: (value: string) => string | undefined): Change =>
    (signed) => {
      const value = change(signed.headers[name] ?? '');
      const { [name]: _, ...headers } = signed.headers;
      return {
        signed: { ...signed, headers: { ...headers, ...(value !== undefined && { [name]: value }) } },
      };
    };
  const again =
    (options: { at?: Date; secret?: string }): Change =>
    (signed) => {
      const payload = JSON.parse(new URLSearchParams(signed.body).get('payload') ?? '');
      return { signed: workspace.sign(payload, options) };
    };
  const SIGNATURE = 'x-slack-signature';
  const TIME = 'x-slack-request-timestamp';

  it.each<[string, Change, number]>([
    ['signed with another secret', again({ secret: 'another secret, long enough' }), 401],
    ['signed with an empty secret', again({ secret: '' }), 401],
    ['of 301 s ago', again({ at: later(-301) }), 401],
    ['of 301 s from now', again({ at: later(301) }), 401],
    ['without a signature', header(SIGNATURE, () => undefined), 401],
    ['without a time', header(TIME, () => undefined), 401],
    ['with two signatures', header(SIGNATURE, (value) => `${value},${value}`), 401],
    ['with two times', header(TIME, (value) => `${value},${value}`), 401],
    ['of scheme v1', header(SIGNATURE, (value) => value.replace('v0=', 'v1=')), 401],
    ['in upper case', header(SIGNATURE, (value) => value.toUpperCase()), 401],
    ['whose signature is cut', header(SIGNATURE, (value) => value.slice(0, -1)), 401],
    ['whose time is not a number', header(TIME, () => '1e9'), 401],
    ['with another time', header(TIME, (value) => String(Number(value) + 1)), 401],
    [
      'whose body was encoded anew',
      (signed) => ({ signed: { ...signed, body: signed.body.replaceAll('%3A', ':') } }),
      401,
    ],
    ['with more in its body', (signed) => ({ signed: { ...signed, body: `${signed.body}&a=1` } }), 401],
    ['of a megabyte', (signed) => ({ signed: { ...signed, body: signed.body.padEnd(1_000_000, 'x') } }), 413],
    ['for an organization that is none', (signed) => ({ signed, sent: { params: { org: '../x' } } }), 401],
  ])('%s is refused, and the sender learns nothing', async (_, change, status) => {
    const given = await asked();
    const { signed, sent } = change(approve('anna', given), given);
    const answer = await deliver(signed, sent);

    expect(answer.statusCode).toBe(status);
    if (status === 401)
      expect(JSON.parse(answer.body)).toEqual({ error: 'Unauthorized', message: 'Unauthorized' });
    await expectUntouched(given);
  });

  it.each([-300, 300])('is told from a genuine one of %i s away', async (seconds) => {
    const given = await asked();
    const { signed } = again({ at: later(seconds) })(approve('anna', given), given);

    expect((await deliver(signed)).statusCode).toBe(200);
    expect(await stands(given)).toMatchObject({ status: 'APPROVED' });
  });

  it('is judged by its bytes, whether API Gateway hands them on as text or as base64', async () => {
    const given = await asked();
    const { headers, body } = approve('anna', given);
    const handler = http(z.object({}), async () => route());
    const sent = event({ method: 'POST', path: '/', params: { org: ORG }, headers });

    expect(await handler({ ...sent, body, isBase64Encoded: false } as never, {} as never)).toMatchObject({
      statusCode: 200,
    });
    expect(await stands(given)).toMatchObject({ status: 'APPROVED' });
  });

  it.each([
    ['no payload', ''],
    ['a payload that is not JSON', 'payload=%7B'],
    ['a payload of another kind', `payload=${encodeURIComponent('{"type":"shortcut"}')}`],
  ])('is not needed to be refused: %s, although signed', async (_, body) => {
    const timestamp = String(NOW.getTime() / 1000);
    const signature = signatureFor(SLACK_APP.signingSecrets[0] ?? '', Buffer.from(body), timestamp);
    const headers = { [SIGNATURE]: signature, [TIME]: timestamp };

    expect((await deliver({ headers, body })).statusCode).toBe(400);
  });

  it('from a modal that is none of ours is refused', async () => {
    const given = await asked();
    await deliver(workspace.press(member('anna'), given.message, 'decline'));
    const { body } = workspace.submit(member('anna'), { reason: 'no' });
    const payload = JSON.parse(new URLSearchParams(body).get('payload') ?? '');
    const other = workspace.sign({ ...payload, view: { ...payload.view, callback_id: 'approve' } });

    expect((await deliver(other)).statusCode).toBe(400);
    await expectUntouched(given);
  });

  it.each([
    ['another revision', (value: string) => value.replace('|1|', '|2|'), 'changed'],
    [
      'another payload',
      (value: string) => value.replace(/\|[0-9a-f]{16}\|/, '|0123456789abcdef|'),
      'changed',
    ],
    [
      'another request',
      () => 'v1|act_00000000000000000000000000|1|0123456789abcdef|approve',
      'no such request',
    ],
    ['another verdict', (value: string) => value.replace('approve', 'decline'), 'no such request'],
    ['no button', () => 'approve', 'no such request'],
  ])('with the value of %s decides nothing', async (_, change, words) => {
    const given = await asked();
    const press = JSON.parse(new URLSearchParams(approve('anna', given).body).get('payload') ?? '');
    press.actions[0].value = change(press.actions[0].value);
    await deliver(workspace.sign(press));

    expect(JSON.stringify(said)).toContain(words);
    await expectUntouched(given);
  });
});

describe('T42: a replay inside the window', () => {
  it('of an approval does nothing, and says nothing', async () => {
    const given = await asked({ quorum: 2 });
    const signed = approve('anna', given);
    await deliver(signed);
    const before = await stands(given);
    clock.set(later(10));

    expect(await deliver(signed)).toMatchObject({ statusCode: 200, body: '' });
    expect(await stands(given)).toEqual(before);
    expect(said).toEqual([]);
  });

  it('of a refused one says nothing again', async () => {
    const given = await asked();
    const signed = approve('rita', given);
    await deliver(signed);
    await deliver(signed);

    expect(said).toHaveLength(1);
  });

  it('of a press for the modal opens none', async () => {
    const given = await asked();
    const signed = workspace.press(member('anna'), given.message, 'decline');
    const before = workspace.views.length;
    await deliver(signed);

    expect(await deliver(signed)).toMatchObject({ statusCode: 200 });
    expect(workspace.views).toHaveLength(before + 1);
  });

  it('is remembered by the hash of the signature, in the transaction of the decision', async () => {
    const given = await asked();
    const signed = approve('anna', given);
    await deliver(signed);
    const digest = signed.headers['x-slack-signature']?.slice('v0='.length) ?? '';
    const hash = createHash('sha256').update(digest).digest('hex');

    expect(await dynamoReplays('Approvals')(hash, NOW)).toBe(false);
  });
});

describe('T43: the answer', () => {
  it('to an approval waits for nothing at Slack', async () => {
    const given = await asked();
    const before = workspace.calls.length;
    await deliver(approve('anna', given));

    expect(workspace.calls).toHaveLength(before);
  });

  it('to a refusal waits for nothing at Slack either', async () => {
    const given = await asked();
    const before = workspace.calls.length;
    await deliver(approve('zoe', given));

    expect(workspace.calls).toHaveLength(before);
  });

  it('to a press for the modal waits for that alone, before anything is read', async () => {
    const given = await asked();
    const find = vi.spyOn(members, 'find');
    const before = workspace.calls.length;
    await deliver(workspace.press(member('anna'), given.message, 'decline'));

    expect(workspace.calls.slice(before)).toEqual(['views.open']);
    expect(find).not.toHaveBeenCalled();
    find.mockRestore();
  });

  it('to a press whose trigger is over is no error: the person presses again', async () => {
    const given = await asked();
    const signed = workspace.press(member('anna'), given.message, 'decline');
    clock.set(later(4));

    expect(await deliver(signed)).toMatchObject({ statusCode: 200 });
    expect(await deliver(workspace.press(member('anna'), given.message, 'decline'))).toMatchObject({
      statusCode: 200,
    });
  });

  it('that came too late for Slack is no second decision: the person presses again, and it is the first that counts', async () => {
    const given = await asked();
    const first = deliver(approve('anna', given));
    clock.set(later(4));
    const second = await deliver(approve('anna', given));

    expect([(await first).statusCode, second.statusCode]).toEqual([200, 200]);
    expect(await approvals.ledger(ORG, given.approval.id)).toHaveLength(2);
    expect(said).toEqual([]);
  });

  it('says so when Slack takes no modal', async () => {
    const given = await asked();
    workspace.failures.set('views.open', ['internal_error']);

    expect((await deliver(workspace.press(member('anna'), given.message, 'decline'))).statusCode).toBe(503);
  });
});

describe('T45: bad signatures', () => {
  it('by the thousand read the secret at most three times', async () => {
    const given = await asked();
    const signed = approve('anna', given);
    const bad = { ...signed, headers: { ...signed.headers, 'x-slack-signature': `v0=${'0'.repeat(64)}` } };
    const reads = vi.spyOn(secretsManager(), 'send');
    const refuse = route();
    for (let round = 0; round < 10; round += 1) {
      clock.set(later(round));
      const answers = await Promise.all(
        Array.from({ length: 100 }, () =>
          send(refuse, { method: 'POST', path: '/', params: { org: ORG }, ...bad }),
        ),
      );
      expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([401]));
    }

    expect(reads.mock.calls.length).toBeLessThanOrEqual(3);
    expect(reads.mock.calls.length).toBeGreaterThan(0);
    reads.mockRestore();
  });

  it('do not keep a new secret out for more than half a minute', async () => {
    const given = await asked();
    await deliver(approve('anna', given));
    const next = { ...SLACK_APP, signingSecrets: ['a new secret, long enough'] };
    const put = (app: object) =>
      secretsManager().send(
        new PutSecretValueCommand({ SecretId: `test/slack/${ORG}`, SecretString: JSON.stringify(app) }),
      );
    await put(next);
    clock.set(later(31));
    const other = await asked({ expiresAt: later(7_200).toISOString() });
    const press = JSON.parse(new URLSearchParams(approve('anna', other).body).get('payload') ?? '');
    const answer = await deliver(workspace.sign(press, { secret: 'a new secret, long enough' }));
    await put(SLACK_APP);

    expect(answer.statusCode).toBe(200);
    expect(await stands(other)).toMatchObject({ status: 'APPROVED' });
  });
});

describe('whatever Slack may send', () => {
  it('is done or refused, and never an error of ours', async () => {
    const given = await asked();
    const real = [approve('anna', given), workspace.press(member('anna'), given.message, 'decline')].map(
      ({ body }) => JSON.parse(new URLSearchParams(body).get('payload') ?? ''),
    );
    const broken = fc
      .tuple(fc.constantFrom(...real), fc.string({ maxLength: 12 }), fc.jsonValue(), fc.nat())
      .map(([payload, name, value, at]) => {
        const names = Object.keys(payload);
        return { ...payload, trigger_id: '', [at % 2 ? (names[at % names.length] as string) : name]: value };
      });
    await fc.assert(
      fc.asyncProperty(broken, async (payload) => {
        const { statusCode } = await deliver(workspace.sign(payload));
        expect([200, 400]).toContain(statusCode);
      }),
      { numRuns: process.env.SIGNALBOX_FULL ? 3_000 : 200 },
    );
  });
});

it('no secret, token, signature or payload is ever logged', async () => {
  const logged: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => logged.push(String(text)) > 0);
  const given = await asked();
  const signed = approve('anna', given);
  workspace.failures.set('views.open', ['internal_error', 'token_revoked', 'expired_trigger_id']);
  for (const name of ['anna', 'zoe', 'rita']) {
    await deliver(approve(name, given));
    await deliver(workspace.press(member(name), given.message, 'decline'));
  }
  await deliver({ ...signed, body: `${signed.body}x` });
  await deliver(workspace.sign({ type: 'block_actions' }));
  write.mockRestore();

  const words = [...Object.values(SLACK_APP).flat(), signed.headers['x-slack-signature'], 'Orders missing'];
  for (const word of words.filter((one) => one !== TEAM)) expect(logged.join()).not.toContain(word);
});

describe('high risk', () => {
  it('has a link and no buttons, and a made-up press decides nothing', async () => {
    const given = await asked({ risk: 'high', auths: ['passkey'] });
    const elements = given.message.versions[0].blocks.at(-1).elements;
    const { approval } = given;
    const value = ['v1', approval.id, 1, approval.payloadHash.slice(7, 23), 'approve'].join('|');
    const press = JSON.parse(
      new URLSearchParams(workspace.press(member('anna'), given.message, 'open').body).get('payload') ?? '',
    );
    await deliver(
      workspace.sign({ ...press, actions: [{ ...press.actions[0], action_id: 'approve', value }] }),
    );

    expect(elements).toMatchObject([{ action_id: 'open', url: `${URL_}/a/${approval.id}` }]);
    expect(JSON.stringify(said)).toContain('your passkey');
    await expectUntouched(given);
  });
});
