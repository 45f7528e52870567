import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { approvalTokens } from '#adapters/links.ts';
import { SESSION_COOKIE } from '#adapters/session.ts';
import { approvalPages } from '#functions/http/approval-page.ts';
import { ANNA, approvals, links, NOW, ORG, SECRET } from '../support/approvals.ts';
import { raw } from '../support/raw.ts';
import { send } from '../support/request.ts';
import { revised } from './revise.ts';
import { isUntouched, type Mailed, type Site, site } from './site.ts';
import { formIn, open, press } from './visit.ts';

let here: Site;
beforeAll(async () => {
  here = await site();
});
afterAll(() => here.stop());
beforeEach(() => here.clock.set(NOW));

const entries = async ({ approval }: Mailed) =>
  (await approvals.ledger(ORG, approval.id)).map(({ text }) => JSON.parse(text).type);

describe('T01: a token that nobody signed', () => {
  it('costs no look into any table', async () => {
    const nobody = new Proxy({}, { get: () => () => Promise.reject(new Error('a table was read')) }) as never;
    const given = await here.ask();
    const tokens = approvalTokens(SECRET, here.clock);
    const none = { approvals: nobody, links: nobody, people: nobody, passkeys: nobody, principalOf: nobody };
    const route = approvalPages({ ...none, tokens, clock: here.clock, publicUrl: here.url });
    const path = `/a/${given.approval.id}`;
    const forged = [
      'x',
      'a.b.c',
      `${given.token}x`,
      given.token.slice(1),
      'e'.repeat(10_000),
      given.token.replace('.', '..'),
    ];
    for (const t of forged) {
      expect(await send(route, { path, id: given.approval.id, query: { t } })).toMatchObject({
        statusCode: 404,
      });
    }

    expect(await send(route, { path, id: given.approval.id, query: { t: given.token } })).toMatchObject({
      statusCode: 500,
    });
  });
});

describe('T02: a link that was used', () => {
  it('shows the receipt, and decides no second time by any page', async () => {
    const given = await here.ask();
    const [first, second] = [await open(given), await open(given)];
    const answers = [
      await press(here, given, first),
      await press(here, given, first),
      await press(here, given, second),
    ];
    const other = await press(here, given, { ...second, fields: { decision: 'decline', reason: 'no' } });
    const fresh = await open(given);

    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303]);
    expect(other.status).toBe(409);
    expect(fresh.body).toContain('Approved by anna@acme.example');
    expect(fresh.form).toBe('');
    expect(await entries(given)).toEqual(['PROPOSED', 'DECIDED']);
  });

  it('is used up by a vote that was not the last one too', async () => {
    const given = await here.ask({}, { quorum: 2 });
    const [first, second] = [await open(given), await open(given)];
    await press(here, given, first);

    expect(
      (await press(here, given, { ...second, fields: { decision: 'decline', reason: 'no' } })).status,
    ).toBe(403);
    expect((await open(given)).body).toContain('1 more needed');
    expect(await entries(given)).toEqual(['PROPOSED', 'VOTED']);
  });
});

describe('T03: a link at its end', () => {
  it.each([
    [-1_000, 303, 303],
    [0, 404, 410],
    [1_000, 404, 410],
  ])('%i ms from it answers %i, and its open page %i', async (offset, link, page) => {
    const given = await here.ask();
    const end = Date.parse(given.approval.expiresAt);
    here.clock.set(new Date(end - 60_000));
    const opened = await open(given);
    here.clock.set(new Date(end + offset));

    expect((await raw(given.link)).status).toBe(link);
    expect((await press(here, given, opened)).status).toBe(page);
    expect(await isUntouched(given.approval)).toBe(page !== 303);
  });

  it('is never good for longer than its request', async () => {
    const { approval } = await here.ask();
    const tokens = approvalTokens(SECRET, here.clock);
    const more = new Date(Date.parse(approval.expiresAt) + 60_000).toISOString();
    const { token } = await tokens.link({
      ...{ org: ORG, approvalId: approval.id, approver: ANNA, revision: 1, round: 0 },
      ...{ payloadHash: approval.payloadHash, issuedAt: approval.requestedAt, expiresAt: more },
    });
    here.clock.set(new Date(Date.parse(approval.expiresAt) + 1_000));
    const arrived = await raw(`${here.url}/a/${approval.id}?t=${token}`);
    const page = await raw(`${here.url}/a/${approval.id}`, { headers: { cookie: arrived.cookies } });

    expect(page.body).not.toContain('<form');
  });
});

describe('T11: what takes a link back', () => {
  it.each([
    ['it is withdrawn', ({ token }: Mailed) => withdraw(token), 409, 'withdrawn'],
    ['the request is changed', (given: Mailed) => revise(given), 409, 'changed'],
  ])('a page that was open when %s decides nothing, and says why', async (_, happen, status, words) => {
    const given = await here.ask();
    const opened = await open(given);
    await happen(given);
    const answer = await press(here, given, opened);

    expect(answer.status).toBe(status);
    expect(answer.body).toContain(words);
    expect((await open(given)).body).not.toContain('<form');
    expect((await approvals.find(ORG, given.approval.id))?.status).toBe('PENDING');
    const newer = await here.remail(given, 1);
    expect((await press(here, newer, await open(newer))).status).toBe(303);
  });

  async function withdraw(token: string): Promise<void> {
    const view = await approvalTokens(SECRET, here.clock).readLink(token);
    await links.revoke(ORG, view?.linkHash ?? '', NOW.toISOString());
  }

  async function revise(given: Mailed): Promise<void> {
    given.approval = await revised(given.approval);
  }
});

describe('T20: a browser with two identities', () => {
  it('decides as whoever is signed in, never as whose link was planted', async () => {
    const [planted, own] = [await here.ask(), await here.ask()];
    const { name, value } = await here.session('ben@acme.example');
    const { cookies: link } = await raw(planted.link);
    const cookie = `${link}; ${name}=${value}`;
    const { body } = await raw(own.page, { headers: { cookie } });
    const form = formIn(body);
    await press(here, own, { cookie, form, fields: { code: '' } });

    expect(name).toBe(SESSION_COOKIE);
    expect((await approvals.find(ORG, own.approval.id))?.decision).toMatchObject({
      auth: 'session',
      channel: 'web',
    });
    expect((await approvals.find(ORG, own.approval.id))?.decision?.by).not.toBe(ANNA);
    expect(await isUntouched(planted.approval)).toBe(true);
  });

  it('cannot use the form of one with the cookies of the other', async () => {
    const given = await here.ask();
    const { name, value } = await here.session('ben@acme.example');
    const session = `${name}=${value}`;
    const byLink = await open(given);
    const { body } = await raw(given.page, { headers: { cookie: session } });
    const bySession = formIn(body);

    expect((await press(here, given, { ...byLink, cookie: session })).status).toBe(404);
    expect((await press(here, given, { ...byLink, form: bySession })).status).toBe(404);
    expect((await press(here, given, { ...byLink, cookie: `${byLink.cookie}; ${session}` })).status).toBe(
      403,
    );
    expect((await approvals.find(ORG, given.approval.id))?.status).toBe('PENDING');
  });
});
