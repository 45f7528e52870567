import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoNotices } from '#adapters/dynamodb/notices.ts';
import { dynamoPasskeys } from '#adapters/dynamodb/passkeys.ts';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { approvalCodes } from '#adapters/links.ts';
import { jwtSessions, SESSION_COOKIE } from '#adapters/session.ts';
import { personId } from '#core/people/person.ts';
import { approvalDecision } from '#functions/http/approval-decision.ts';
import { approvalPages } from '#functions/http/approval-page.ts';
import { principals } from '#functions/principal.ts';
import {
  ANNA,
  approvals,
  asked,
  asking,
  BEN,
  handClock,
  links,
  NOW,
  ORG,
  SECRET,
  URL_,
  vote,
} from '../../support/approvals.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { type Answer, jar, type Sent, send } from '../../support/request.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const clock = handClock();
beforeEach(() => clock.set(NOW));

const people = dynamoPeople('People');
const notices = dynamoNotices('Notices');
const sessions = jwtSessions(SECRET, clock);
const principalOf = principals({ people, sessions, clock, publicUrl: URL_ });

const passkeys = dynamoPasskeys('People');

/** The cookie of somebody of the organization who is signed in. */
async function signedIn(email: string): Promise<Record<string, string>> {
  const id = personId(ORG, email);
  const createdAt = NOW.toISOString();
  await people.admit({ org: ORG, id, email, name: email, roles: ['viewer'], groups: [], createdAt });
  const { token } = await sessions.issue({ org: ORG, personId: id });
  return { [SESSION_COOKIE]: token };
}

type Asked = Awaited<ReturnType<typeof asked>>;

/** What a browser adds when a person presses a button on our page. */
const PRESSED = {
  'content-type': 'application/x-www-form-urlencoded',
  origin: URL_,
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-user': '?1',
};

function pages({ tokens }: Asked) {
  return approvalPages({ approvals, links, tokens, people, principalOf, passkeys, clock, publicUrl: URL_ });
}

function visit(given: Asked, sent: Partial<Sent> = {}): Promise<Answer> {
  const path = `/a/${given.approval.id}`;
  return send(pages(given), { path, id: given.approval.id, ...sent });
}

/** Follows the link as a browser does: the redirect, then the page. */
async function open(given: Asked): Promise<{ page: Answer; cookies: Record<string, string>; form: string }> {
  const cookies = jar(await visit(given, { query: { t: given.token } }));
  const page = await visit(given, { cookies });
  return { page, cookies, form: /name="form" value="([^"]+)"/.exec(page.body)?.[1] ?? '' };
}

function press(given: Asked, fields: Record<string, string>, sent: Partial<Sent> = {}): Promise<Answer> {
  const { tokens, approval, code } = given;
  const route = approvalDecision({
    ...{ ...asking(clock), links, principalOf, passkeys, tokens },
    codes: approvalCodes(SECRET),
    publicUrl: URL_,
  });
  return send(route, {
    method: 'POST',
    path: `/a/${approval.id}/decision`,
    id: approval.id,
    headers: PRESSED,
    body: new URLSearchParams({ code, ...fields }).toString(),
    ...sent,
  });
}

async function expectUntouched({ approval }: Asked): Promise<void> {
  expect(await approvals.find(ORG, approval.id)).toEqual(approval);
  expect(await approvals.ledger(ORG, approval.id)).toHaveLength(1);
}

describe('GET /a/{id}', () => {
  it('swaps the token for a cookie and goes on to a URL without it', async () => {
    const given = await asked(clock);
    const answer = await visit(given, { query: { t: given.token } });

    expect(answer).toMatchObject({ statusCode: 303, headers: { location: `/a/${given.approval.id}` } });
    expect(answer.headers['referrer-policy']).toBe('no-referrer');
    expect(answer.cookies[0]).toMatch(/^__Host-hl=.+; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=900$/);
    expect(answer.cookies[0]).not.toContain(given.token);
    expect(await links.find(ORG, given.hash)).toMatchObject({ openedAt: NOW.toISOString() });
  });

  it.each([
    ['a space', '%20'],
    ['an angle bracket', '>'],
    ['what a scanner appends', '&data=abc&reserved=0'],
  ])('takes a token followed by %s', async (_, tail) => {
    const given = await asked(clock);

    expect(await visit(given, { query: { t: given.token + tail } })).toMatchObject({ statusCode: 303 });
  });

  it('shows everything of the payload, escaped, with a policy that lets nothing run', async () => {
    const given = await asked(clock);
    const { page } = await open(given);
    const text = (await approvals.payload(ORG, given.approval.id, 1)) ?? '';

    expect(page.statusCode).toBe(200);
    expect(page.body).toContain(text.replace(/"/g, '&quot;'));
    expect(page.body).toContain('The agent says (not verified)');
    expect(page.body).toContain('in 1 hour');
    expect(page.body).not.toMatch(/<script|\son\w+=|https?:\/\//i);
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(page.headers['content-security-policy']).not.toContain('script-src');
    expect(page.headers).toMatchObject({
      'x-frame-options': 'DENY',
      'referrer-policy': 'same-origin',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
    });
    expect(Buffer.byteLength(page.body)).toBeLessThan(14_000);
  });

  it('decides nothing however often scanners fetch it with any safe method', async () => {
    const given = await asked(clock);
    const { cookies } = await open(given);
    const storm = ['GET', 'HEAD', 'OPTIONS'].flatMap((method) =>
      Array.from({ length: 50 }, (_, at) =>
        visit(given, { method, cookies, ...(at % 2 && { query: { t: given.token } }) }),
      ),
    );
    await Promise.all(storm);

    await expectUntouched(given);
    expect(await links.find(ORG, given.hash)).not.toHaveProperty('usedAt');
    const { form, cookies: fresh } = await open(given);
    expect(await press(given, { form, decision: 'approve' }, { cookies: fresh })).toMatchObject({
      statusCode: 303,
    });
  });

  it('answers strangers all alike', async () => {
    const given = await asked(clock);
    const other = await asked(clock);
    const answers = await Promise.all([
      visit(given),
      visit(given, { query: { t: 'nonsense' } }),
      visit(given, { query: { t: other.token } }),
      visit(given, { id: 'act_00000000000000000000000000', query: { t: given.token } }),
      visit(given, { cookies: jar(await visit(other, { query: { t: other.token } })) }),
    ]);

    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${body}`)).size).toBe(1);
    expect(answers[0]).toMatchObject({ statusCode: 404, headers: { 'x-frame-options': 'DENY' } });
  });

  it('forgets a link that was opened more than 15 minutes ago', async () => {
    const given = await asked(clock);
    const { cookies } = await open(given);
    clock.set(new Date(NOW.getTime() + 15 * 60_000));

    expect(await visit(given, { cookies })).toMatchObject({ statusCode: 404 });
  });

  it.each([
    ['the request is over', async () => clock.set(new Date(NOW.getTime() + 3_599_999)), 'Your decision'],
    [
      'the link was withdrawn',
      async ({ hash }: Asked) => links.revoke(ORG, hash, NOW.toISOString()),
      'withdrawn',
    ],
  ])('shows the right end when %s', async (_, change, words) => {
    const given = await asked(clock);
    await change(given);

    expect((await open(given)).page.body).toContain(words);
  });
});

describe('POST /a/{id}/decision', () => {
  it('decides, and shows the receipt without the link', async () => {
    const given = await asked(clock);
    const { cookies, form } = await open(given);
    const answer = await press(given, { form, decision: 'approve' }, { cookies });
    const path = `/a/${given.approval.id}/receipt`;
    const receipt = await visit(given, { path, cookies: jar(answer) });
    const { decision, settledBy } = (await approvals.find(ORG, given.approval.id)) ?? {};

    expect(answer).toMatchObject({ statusCode: 303, headers: { location: path } });
    expect(jar(answer)['__Host-hl']).toBe('');
    expect(decision).toMatchObject({ verdict: 'approve', by: ANNA, channel: 'email', auth: 'code' });
    expect(receipt.body).toContain('Approved by anna@acme.example');
    expect(receipt.body).toContain(settledBy?.hash);
  });

  it('declines only with a reason', async () => {
    const given = await asked(clock);
    const { cookies, form } = await open(given);

    expect(await press(given, { form, decision: 'decline', reason: ' ' }, { cookies })).toMatchObject({
      statusCode: 400,
    });
    await expectUntouched(given);
    await press(given, { form, decision: 'decline', reason: '<b>no</b>' }, { cookies });
    const again = await open(given);
    expect(again.page.body).toContain('Declined by anna@acme.example');
    expect(again.page.body).toContain('&lt;b&gt;no&lt;/b&gt;');
  });

  it.each([
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a sister site', { origin: 'https://app.acme.example', 'sec-fetch-site': 'same-site' }],
    ['another site that hides its name', { origin: 'null' }],
    ['a script that submits the form', { 'sec-fetch-user': undefined }],
    ['a script that fetches', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['a frame', { 'sec-fetch-dest': 'iframe' }],
    ['JSON', { 'content-type': 'application/json' }],
    ['an old browser on another site', { ...without('sec-fetch-'), origin: 'https://evil.example' }],
    ['something that says nothing of itself', { ...without('sec-fetch-'), origin: undefined }],
  ])('refuses %s', async (_, change) => {
    const given = await asked(clock);
    const { cookies, form } = await open(given);
    const headers = Object.fromEntries(
      Object.entries({ ...PRESSED, ...change }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    const answer = await press(given, { form, decision: 'approve' }, { cookies, headers });

    expect(answer).toMatchObject({ statusCode: 403, headers: { 'x-frame-options': 'DENY' } });
    await expectUntouched(given);
  });

  it('takes an old browser on our own page', async () => {
    const given = await asked(clock);
    const { cookies, form } = await open(given);
    const headers = { 'content-type': PRESSED['content-type'], origin: URL_ };

    expect(await press(given, { form, decision: 'approve' }, { cookies, headers })).toMatchObject({
      statusCode: 303,
    });
  });

  it.each([
    ['no cookie', (_: string, form: string) => ({ cookies: {}, form })],
    ['no form', (cookie: string) => ({ cookies: { '__Host-hl': cookie }, form: '' })],
    ['the cookie as the form', (cookie: string) => ({ cookies: { '__Host-hl': cookie }, form: cookie })],
    ['the form as the cookie', (_: string, form: string) => ({ cookies: { '__Host-hl': form }, form })],
  ])('refuses %s', async (_, spoil) => {
    const given = await asked(clock);
    const opened = await open(given);
    const { cookies, form } = spoil(opened.cookies['__Host-hl'] ?? '', opened.form);

    expect(await press(given, { form, decision: 'approve' }, { cookies })).toMatchObject({ statusCode: 404 });
    await expectUntouched(given);
  });

  it('refuses the form of another request', async () => {
    const [given, other] = [await asked(clock), await asked(clock)];
    const { cookies } = await open(given);
    const { form } = await open(other);

    expect(await press(given, { form, decision: 'approve' }, { cookies })).toMatchObject({ statusCode: 404 });
    await expectUntouched(given);
  });

  it('takes the same press twice as one, and the other button as a conflict', async () => {
    const given = await asked(clock);
    const { cookies, form } = await open(given);
    const first = await press(given, { form, decision: 'approve' }, { cookies });
    const second = await press(given, { form, decision: 'approve' }, { cookies });
    const third = await press(given, { form, decision: 'decline', reason: 'no' }, { cookies });

    expect([first.statusCode, second.statusCode, third.statusCode]).toEqual([303, 303, 409]);
    expect(third.body).toContain('already approved');
    expect(await approvals.ledger(ORG, given.approval.id)).toHaveLength(2);
  });

  it('refuses a page that was open while somebody else decided, and after the end', async () => {
    const given = await asked(clock);
    const { cookies, form } = await open(given);
    await approvals.decide(
      ORG,
      given.approval.id,
      vote(given.approval, { by: BEN, verdict: 'decline', reason: 'x' }),
      NOW,
    );
    const late = await asked(clock, { expiresAt: new Date(NOW.getTime() + 60_000).toISOString() });
    const opened = await open(late);
    clock.set(new Date(NOW.getTime() + 60_000));

    expect(await press(given, { form, decision: 'approve' }, { cookies })).toMatchObject({ statusCode: 409 });
    expect(await press(late, { form: opened.form, decision: 'approve' }, opened)).toMatchObject({
      statusCode: 410,
    });
    await expectUntouched(late);
  });
});

function without(prefix: string) {
  const names = Object.keys(PRESSED).filter((name) => name.startsWith(prefix));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

describe('who may decide', () => {
  it('does not take a link without the code from its mail', async () => {
    const given = await asked(clock);
    const { page, cookies, form } = await open(given);

    expect(page.body).toContain('Code from the mail');
    expect(page.body).not.toContain(given.code);
    expect(await press(given, { form, decision: 'approve', code: '' }, { cookies })).toMatchObject({
      statusCode: 400,
    });
    await expectUntouched(given);
  });

  it('locks a link after five wrong codes, mails a new one, and the new one works', async () => {
    const given = await asked(clock);
    const { cookies, form } = await open(given);
    const answers: Answer[] = [];
    for (let at = 0; at < 6; at += 1)
      answers.push(await press(given, { form, decision: 'approve', code: `0000-000${at}` }, { cookies }));
    const right = await press(given, { form, decision: 'approve' }, { cookies });
    const id = `approval_requested#${given.approval.id}#1#${ANNA}#1`;
    const entries = await approvals.ledger(ORG, given.approval.id);

    expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(6).fill(403));
    expect(answers[3]?.body).toContain('1 try left');
    expect(right.statusCode).toBe(403);
    expect((await notices.find(ORG, id))?.notice.minted).toMatchObject({ round: 1, approver: ANNA });
    expect((await approvals.find(ORG, given.approval.id))?.status).toBe('PENDING');
    expect(entries.map(({ text }) => JSON.parse(text).type)).toEqual(['PROPOSED', 'DECISION_REJECTED']);
  });

  it('counts tries that are made at once', async () => {
    const given = await asked(clock);
    const { cookies, form } = await open(given);
    const tries = Array.from({ length: 40 }, (_, at) =>
      press(given, { form, decision: 'approve', code: `0000-00${10 + at}` }, { cookies }),
    );
    await Promise.all(tries);

    expect(await links.find(ORG, given.hash)).toMatchObject({ tries: 5, revokedAt: expect.any(String) });
  });

  it('takes a session instead of the code, with or without the link', async () => {
    const session = await signedIn('anna@acme.example');
    const linked = await asked(clock);
    const { cookies } = await open(linked);
    const page = await visit(linked, { cookies: { ...cookies, ...session } });
    const form = /name="form" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const first = await press(
      linked,
      { form, decision: 'approve', code: '' },
      { cookies: { ...cookies, ...session } },
    );
    const other = await asked(clock);
    const alone = await visit(other, { cookies: session });
    const own = /name="form" value="([^"]+)"/.exec(alone.body)?.[1] ?? '';
    const second = await press(other, { form: own, decision: 'approve', code: '' }, { cookies: session });

    expect(page.body).not.toContain('Code from the mail');
    expect([first.statusCode, second.statusCode]).toEqual([303, 303]);
    expect((await approvals.find(ORG, other.approval.id))?.decision).toMatchObject({
      auth: 'session',
      channel: 'web',
    });
  });

  it('T10: shows a forwarded link to whoever is signed in, without buttons, and notes the try', async () => {
    const given = await asked(clock);
    const { cookies, form } = await open(given);
    const both = { ...cookies, ...(await signedIn('ben@acme.example')) };
    const page = await visit(given, { cookies: both });
    const own = await press(given, { form, decision: 'approve' }, { cookies: both });

    expect(page.body).toContain('This link was sent to a…@acme.example');
    expect(page.body).not.toContain('<form');
    expect(own.statusCode).toBe(403);
    expect((await approvals.ledger(ORG, given.approval.id)).at(-1)?.text).toContain('"why":"wrong_approver"');
    expect((await approvals.find(ORG, given.approval.id))?.status).toBe('PENDING');
  });

  it('needs as many people as the quorum says, each once', async () => {
    const given = await asked(clock, { quorum: 2 });
    const { cookies, form } = await open(given);
    await press(given, { form, decision: 'approve' }, { cookies });
    const receipt = await visit(given, { cookies: await signedIn('anna@acme.example') });
    const ben = await signedIn('ben@acme.example');
    const page = await visit(given, { cookies: ben });
    const own = /name="form" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    await press(given, { form: own, decision: 'approve', code: '' }, { cookies: ben });
    const entries = await approvals.ledger(ORG, given.approval.id);

    expect(receipt.body).toContain('Your vote counts. 1 more needed.');
    expect((await approvals.find(ORG, given.approval.id))?.status).toBe('APPROVED');
    expect(entries.map(({ text }) => JSON.parse(text).type)).toEqual(['PROPOSED', 'VOTED', 'DECIDED']);
  });

  it('T11 takes nothing more from somebody who has left: no link with its code, no place that they handed on', async () => {
    const person = (email: string) => people.find(ORG, personId(ORG, email));
    const cara = { id: personId(ORG, 'cara@acme.example'), email: 'cara@acme.example' };
    await signedIn('anna@acme.example');
    await signedIn(cara.email);
    const given = await asked(clock, { approvers: [{ id: ANNA, email: 'anna@acme.example' }, cara] });
    const { cookies, form } = await open(given);
    await people.change(ORG, ANNA, { leftAt: NOW.toISOString() });
    const pressed = await press(given, { form, decision: 'approve' }, { cookies });
    await people.change(ORG, ANNA, { leftAt: undefined });
    await people.delegate({
      ...{ org: ORG, id: 'del_left', from: cara.id, to: ANNA, action: '*', maxRisk: 'medium' },
      startsAt: NOW.toISOString(),
      endsAt: new Date(NOW.getTime() + 60_000).toISOString(),
      createdAt: NOW.toISOString(),
    });
    await people.change(ORG, cara.id, { leftAt: NOW.toISOString() });
    const proxy = vote(given.approval, { by: ANNA, onBehalfOf: cara.id, delegation: 'del_left' });
    const { refusal } = await approvals.decide(ORG, given.approval.id, proxy, NOW);
    await people.change(ORG, cara.id, { leftAt: undefined });
    await people.endDelegation(ORG, cara.id, 'del_left', NOW.toISOString());

    expect(pressed.statusCode).toBe(403);
    expect(refusal).toMatchObject({ error: 'not_eligible', message: expect.stringContaining('left') });
    await expectUntouched(given);
    expect((await person('anna@acme.example'))?.leftAt).toBeUndefined();
  });

  it('takes a stand-in by their own link and code, in the place of whoever is away', async () => {
    const ben = { id: BEN, email: 'ben@acme.example' };
    const given = await asked(clock, { approvers: [ben] });
    await people.delegate({
      ...{ org: ORG, id: 'del_link', from: BEN, to: ANNA, action: '*', maxRisk: 'medium' },
      startsAt: NOW.toISOString(),
      endsAt: new Date(NOW.getTime() + 60_000).toISOString(),
      createdAt: NOW.toISOString(),
    });
    const { cookies, form } = await open(given);
    await press(given, { form, decision: 'approve' }, { cookies });
    await people.endDelegation(ORG, BEN, 'del_link', NOW.toISOString());

    expect(await approvals.find(ORG, given.approval.id)).toMatchObject({
      status: 'APPROVED',
      decision: { by: ANNA, onBehalfOf: BEN, auth: 'code' },
    });
  });

  it('takes a delegate in the place of an approver, until the delegation ends, and neither twice', async () => {
    const cara = personId(ORG, 'cara@acme.example');
    const session = await signedIn('cara@acme.example');
    const del = (id: string) => ({
      ...{ org: ORG, id, from: ANNA, to: cara, action: '*', maxRisk: 'medium' as const },
      startsAt: NOW.toISOString(),
      endsAt: new Date(NOW.getTime() + 1_800_000).toISOString(),
      createdAt: NOW.toISOString(),
    });
    await people.delegate(del('del_1'));
    const given = await asked(clock, { quorum: 2 });
    const page = await visit(given, { cookies: session });
    const form = /name="form" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    await press(given, { form, decision: 'approve', code: '' }, { cookies: session });
    const opened = await open(given);
    const stored = await approvals.find(ORG, given.approval.id);
    const bypass = await approvals.decide(ORG, given.approval.id, vote(stored ?? given.approval), NOW);
    await people.endDelegation(ORG, ANNA, 'del_1', NOW.toISOString());
    const late = await asked(clock);
    const latePage = await visit(late, { cookies: session });
    const forged = vote(late.approval, { by: cara, onBehalfOf: ANNA, delegation: 'del_1' });
    const { refusal } = await approvals.decide(ORG, late.approval.id, forged, NOW);

    expect(stored?.votes).toMatchObject([{ by: cara, onBehalfOf: ANNA }]);
    expect(opened.page.body).not.toContain('<form');
    expect(bypass.refusal).toMatchObject({ error: 'not_eligible' });
    expect(latePage.body).not.toContain('<form');
    expect(refusal).toMatchObject({ error: 'not_eligible' });
  });

  it('takes nothing but a passkey for what is of high risk', async () => {
    const given = await asked(clock, { risk: 'high', auths: ['passkey'] });
    const { page } = await open(given);
    const { refusal } = await approvals.decide(ORG, given.approval.id, vote(given.approval), NOW);

    expect(page.body).toContain('takes your passkey');
    expect(page.body).not.toContain('<form');
    expect(refusal).toMatchObject({ error: 'step_up_required' });
  });
});
