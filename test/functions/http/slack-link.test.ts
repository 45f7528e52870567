import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { secretsManager } from '#adapters/aws/clients.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoSlackPeople } from '#adapters/dynamodb/slack-people.ts';
import { jwtSessions, SESSION_COOKIE } from '#adapters/session.ts';
import { slackApps } from '#adapters/slack/apps.ts';
import { slackCookies } from '#adapters/slack/cookies.ts';
import { slackOpenId } from '#adapters/slack/openid.ts';
import { personId, type SlackMember } from '#core/people/person.ts';
import { slackLink } from '#functions/http/slack-link.ts';
import { principals } from '#functions/principal.ts';
import { ORG, SECRET, URL_ } from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { type Answer, jar, type Sent, send } from '../../support/request.ts';
import { SLACK_APP, type SlackDouble, slackDouble, TEAM } from '../../support/slack/double.ts';

const clock = { now: () => new Date() };
const people = dynamoPeople('People');
const members = dynamoSlackPeople('People');
const sessions = jwtSessions(SECRET, clock);

let aws: LocalAws;
let workspace: SlackDouble;
beforeAll(async () => {
  [aws, workspace] = [await localAws(), await slackDouble(clock)];
  const SecretString = JSON.stringify(SLACK_APP);
  await secretsManager().send(new CreateSecretCommand({ Name: `test/slack/${ORG}`, SecretString }));
});
afterAll(() => Promise.all([aws.stop(), workspace.stop()]));

let count = 0;
let email = '';
let member: SlackMember;
beforeEach(() => {
  count += 1;
  email = `person${count}@acme.example`;
  member = { team: TEAM, user: `U0PERSON${count}` };
});

const ID = () => personId(ORG, email);

async function session(address = email, org = ORG): Promise<Record<string, string>> {
  const id = personId(org, address);
  const createdAt = new Date().toISOString();
  await people.admit({ org, id, email: address, name: 'Somebody', roles: ['viewer'], groups: [], createdAt });
  const { token } = await sessions.issue({ org, personId: id });
  return { [SESSION_COOKIE]: token };
}

function ask(path: string, sent: Partial<Sent> = {}): Promise<Answer> {
  const route = slackLink({
    ...{ people, members, publicUrl: URL_ },
    apps: slackApps('test/slack', clock),
    signInWith: (app) =>
      slackOpenId(app, { issuer: workspace.url, redirectUri: `${URL_}/auth/slack/callback` }),
    cookies: slackCookies(SECRET, clock),
    principalOf: principals({ people, sessions, clock, publicUrl: URL_ }),
  });
  return send(route, { path, ...sent });
}

const PRESSED = {
  'content-type': 'application/x-www-form-urlencoded',
  origin: URL_,
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-user': '?1',
};
const press = (what: string, cookies: Record<string, string>, headers: Record<string, string> = PRESSED) =>
  ask('/auth/slack', { method: 'POST', cookies, headers, body: `do=${what}` });

/** To Slack and back, as a browser goes; `change` is what an attacker does on the way. */
async function visit(
  as: SlackMember,
  { cookies, state, keep = true }: { cookies?: Record<string, string>; state?: string; keep?: boolean } = {},
) {
  const own = cookies ?? (await session());
  const gone = await ask('/auth/slack', { cookies: own });
  const back = workspace.agree(new URL(gone.headers.location ?? ''), as);
  const query = { ...Object.fromEntries(back.searchParams), ...(state && { state }) };
  const jarred = keep ? { ...own, ...jar(gone) } : own;
  const page = await ask('/auth/slack/callback', { query, cookies: jarred });
  return { page, query, cookies: { ...own, ...jar(page) } };
}

describe('linking a Slack account', () => {
  it('takes being signed in here and there, and a press that says it is the one', async () => {
    const { page, cookies } = await visit(member);
    const before = await members.find(ORG, member);
    const done = await press('link', cookies);

    expect(page.statusCode).toBe(200);
    expect(page.body).toContain(member.user);
    expect(page.body).toContain(email);
    expect(before).toBeUndefined();
    expect(done).toMatchObject({ statusCode: 200 });
    expect(await members.find(ORG, member)).toMatchObject({ id: ID(), email });
  });

  it('is shown afterwards, and can be undone', async () => {
    const { cookies } = await visit(member);
    await press('link', cookies);
    const shown = await ask('/auth/slack', { cookies });
    await press('unlink', cookies);

    expect(shown).toMatchObject({ statusCode: 200 });
    expect(shown.body).toContain('value="unlink"');
    expect(await members.find(ORG, member)).toBeUndefined();
    expect((await people.find(ORG, ID()))?.slack).toBeUndefined();
  });

  it('never happens by a GET, whatever came before', async () => {
    const { cookies, query } = await visit(member);
    await ask('/auth/slack/callback', { query, cookies });
    await ask('/auth/slack', { cookies });

    expect(await members.find(ORG, member)).toBeUndefined();
  });

  it.each([
    ['another site', { ...PRESSED, origin: 'https://evil.example' }],
    ['a script', { ...PRESSED, 'sec-fetch-mode': 'cors' }],
    ['a page nearby', { ...PRESSED, 'sec-fetch-site': 'same-site' }],
    ['nobody’s hand', { ...PRESSED, 'sec-fetch-user': '?0' }],
  ])('cannot be pressed by %s', async (_, headers) => {
    const { cookies } = await visit(member);

    expect((await press('link', cookies, headers)).statusCode).toBe(403);
    expect(await members.find(ORG, member)).toBeUndefined();
  });

  it('is for whoever began it: another session in the same browser finishes nothing', async () => {
    const own = await session();
    const gone = await ask('/auth/slack', { cookies: own });
    const back = workspace.agree(new URL(gone.headers.location ?? ''), member);
    const other = { ...jar(gone), ...(await session('other@acme.example')) };
    const query = Object.fromEntries(back.searchParams);
    const { cookies } = await visit(member, { cookies: own });
    const swapped = { ...cookies, ...(await session('other@acme.example')) };

    expect((await ask('/auth/slack/callback', { query, cookies: other })).statusCode).toBe(401);
    expect((await press('link', swapped)).statusCode).toBe(401);
    expect(await members.find(ORG, member)).toBeUndefined();
  });

  it.each([
    ['another state', { state: 'forged' }],
    ['a browser that did not begin it', { keep: false }],
  ])('does not come back with %s', async (_, change) => {
    const { page, cookies } = await visit(member, change);

    expect(page.statusCode).toBe(401);
    expect((await press('link', cookies)).statusCode).toBe(401);
  });

  it('spends Slack’s answer once', async () => {
    const own = await session();
    const gone = await ask('/auth/slack', { cookies: own });
    const query = Object.fromEntries(
      workspace.agree(new URL(gone.headers.location ?? ''), member).searchParams,
    );
    const cookies = { ...own, ...jar(gone) };
    const first = await ask('/auth/slack/callback', { query, cookies });

    expect(first.statusCode).toBe(200);
    expect((await ask('/auth/slack/callback', { query, cookies })).statusCode).toBe(401);
  });

  it('T25: refuses a workspace that the organization has not named', async () => {
    const { page, cookies } = await visit({ team: 'T0PARTNER', user: member.user });

    expect(page.statusCode).toBe(403);
    expect((await press('link', cookies)).statusCode).toBe(401);
  });

  it('T23: refuses an account that is somebody else’s', async () => {
    const { cookies } = await visit(member);
    await press('link', cookies);
    const other = await visit(member, { cookies: await session('second@acme.example') });
    const refused = await press('link', other.cookies);

    expect(refused.statusCode).toBe(409);
    expect(refused.body).toContain('linked to somebody else');
    expect(await members.find(ORG, member)).toMatchObject({ id: ID() });
  });

  it('says what to do without a session, and without a Slack app', async () => {
    const stranger = await ask('/auth/slack');
    const elsewhere = await ask('/auth/slack', { cookies: await session('x@other.example', 'other') });

    expect(stranger).toMatchObject({ statusCode: 401 });
    expect(stranger.body).toContain('Sign in');
    expect(elsewhere).toMatchObject({ statusCode: 404 });
    expect(elsewhere.body).toContain('docs/slack.md');
  });

  it('is not for API keys', async () => {
    const route = slackLink({
      ...({} as Parameters<typeof slackLink>[0]),
      people,
      publicUrl: URL_,
      principalOf: async () => ({ via: 'key', org: ORG, id: ID(), keyId: 'k', scopes: ['approvals:decide'] }),
    });

    expect((await send(route, { path: '/auth/slack' })).statusCode).toBe(401);
  });
});
