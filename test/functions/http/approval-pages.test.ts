import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { approvalDecision } from '#functions/http/approval-decision.ts';
import { approvalPages } from '#functions/http/approval-page.ts';
import {
  ANNA,
  approvals,
  asked,
  BEN,
  handClock,
  links,
  NOW,
  ORG,
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
  return approvalPages({ approvals, links, tokens, clock });
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
  const { tokens, approval } = given;
  return send(approvalDecision({ approvals, tokens, clock, publicUrl: URL_ }), {
    method: 'POST',
    path: `/a/${approval.id}/decision`,
    id: approval.id,
    headers: PRESSED,
    body: new URLSearchParams(fields).toString(),
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
    expect(decision).toMatchObject({ verdict: 'approve', by: ANNA, channel: 'email', auth: 'link' });
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
