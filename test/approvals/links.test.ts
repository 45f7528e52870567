import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { approvalTokens } from '#adapters/links.ts';
import { SESSION_COOKIE } from '#adapters/session.ts';
import { approvalId } from '#core/approvals/approval.ts';
import { approvalPages } from '#functions/http/approval-page.ts';
import { ANNA, approvals, links, NOW, ORG, question, SECRET } from '../support/approvals.ts';
import { type RawAnswer, raw } from '../support/raw.ts';
import { send } from '../support/request.ts';
import { PRESSED } from './person.ts';
import { revised } from './revise.ts';
import { isUntouched, type Mailed, type Site, site } from './site.ts';

let here: Site;
beforeAll(async () => {
  here = await site();
});
afterAll(() => here.stop());
beforeEach(() => here.clock.set(NOW));

interface Open {
  cookie: string;
  form: string;
  body: string;
}

async function open({ link, page }: Mailed, session = ''): Promise<Open> {
  const { cookies } = await raw(link);
  const cookie = [cookies, session].filter(Boolean).join('; ');
  const { body } = await raw(page, { headers: { cookie } });
  return { cookie, form: /name="form" value="([^"]+)"/.exec(body)?.[1] ?? '', body };
}

function press({ page, code }: Mailed, { cookie, form }: Open, fields: object = {}): Promise<RawAnswer> {
  const body = new URLSearchParams({ form, code, decision: 'approve', ...fields }).toString();
  const headers = { ...PRESSED, origin: here.url, cookie };
  return raw(`${page}/decision`, { method: 'POST', headers, body });
}

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
    const answers = [await press(given, first), await press(given, first), await press(given, second)];
    const other = await press(given, second, { decision: 'decline', reason: 'no' });
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
    await press(given, first);

    expect((await press(given, second, { decision: 'decline', reason: 'no' })).status).toBe(403);
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
    expect((await press(given, opened)).status).toBe(page);
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
    const answer = await press(given, opened);

    expect(answer.status).toBe(status);
    expect(answer.body).toContain(words);
    expect((await open(given)).body).not.toContain('<form');
    expect((await approvals.find(ORG, given.approval.id))?.status).toBe('PENDING');
    const newer = await here.remail(given, 1);
    expect((await press(newer, await open(newer))).status).toBe(303);
  });

  async function withdraw(token: string): Promise<void> {
    const view = await approvalTokens(SECRET, here.clock).readLink(token);
    await links.revoke(ORG, view?.linkHash ?? '', NOW.toISOString());
  }

  async function revise(given: Mailed): Promise<void> {
    given.approval = await revised(given.approval);
  }
});

describe('T12: no link leads elsewhere', () => {
  const TARGETS = [
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '%2f%2fevil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    '/a/../..//evil.example',
    '\r\nLocation: //evil.example',
  ];
  const NAMES = [
    'next',
    'return_to',
    'redirect',
    'redirect_uri',
    'RelayState',
    'url',
    'continue',
    'location',
    't2',
  ];
  const HEADERS = [
    'x-forwarded-host',
    'x-original-url',
    'x-rewrite-url',
    'forwarded',
    'host',
    'referer',
    'x-forwarded-prefix',
  ];
  const OURS = /^\/a\/act_[0-9A-HJKMNP-TV-Z]{26}(\/receipt)?$/;

  it('by no parameter', async () => {
    const given = await here.ask();
    for (const target of TARGETS)
      for (const name of NAMES) {
        const query = `${name}=${encodeURIComponent(target)}`;
        for (const url of [`${given.link}&${query}`, `${given.page}?${query}&t=${given.token}`]) {
          expect((await raw(url)).headers.location, url).toBe(`/a/${given.approval.id}`);
        }
      }
  });

  it('by no header, before or after the decision', async () => {
    for (const name of HEADERS) {
      const given = await here.ask();
      const value = name === 'forwarded' ? 'host=evil.example' : 'evil.example';
      const arrived = await raw(given.link, { headers: { [name]: value } });
      const opened = await open(given);
      const body = new URLSearchParams({
        form: opened.form,
        code: given.code,
        decision: 'approve',
      }).toString();
      const headers = { ...PRESSED, origin: here.url, cookie: opened.cookie, [name]: value };
      const decided = await raw(`${given.page}/decision?next=//evil.example`, {
        method: 'POST',
        headers,
        body,
      });

      for (const { headers } of [arrived, decided]) expect(headers.location, name).toMatch(OURS);
    }
  });

  it('by no address of a page', async () => {
    const given = await here.ask();
    for (const id of [
      '..%2f..%2fevil.example',
      '%2f%2fevil.example',
      `${given.approval.id}%2f..`,
      'act_',
      '%00',
      '\\evil',
    ])
      expect((await raw(`${here.url}/a/${id}?t=${given.token}`)).headers.location).toBeUndefined();
  });
});

describe('T13: strangers', () => {
  it('are answered the same to the byte, whatever there is', async () => {
    const [given, over] = [
      await here.ask(),
      await here.ask({}, { expiresAt: new Date(NOW.getTime() + 1_000).toISOString() }),
    ];
    const foreign = question({ org: 'other' });
    await approvals.propose(foreign.step, foreign.text);
    here.clock.set(new Date(NOW.getTime() + 2_000));
    const ids = {
      'a request that waits': given.approval.id,
      'one whose time is over': over.approval.id,
      'another organization’s': foreign.step.next.id,
      'one that never was': approvalId(ORG, 'run_never', 'plan'),
      'no id': 'act_1',
    };
    const answers: string[] = [];
    for (const id of Object.values(ids))
      for (const path of ['', '/receipt', '?t=x.y.z', `?t=${given.token.slice(0, -2)}`]) {
        const { status, headers, body } = await raw(`${here.url}/a/${id}${path}`);
        const { date, 'apigw-requestid': request, ...rest } = headers;
        answers.push(JSON.stringify([status, rest, body]));
      }

    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('[404,');
  });

  it('are not told apart by how long it takes', { timeout: 60_000 }, async () => {
    const given = await here.ask();
    const never = approvalId(ORG, 'run_never', 'plan');
    const times: Record<string, number[]> = { [given.approval.id]: [], [never]: [] };
    for (let round = 0; round < 300; round += 1)
      for (const id of Object.keys(times)) {
        const start = performance.now();
        await raw(`${here.url}/a/${id}?t=${randomBytes(200).toString('base64url')}`);
        times[id]?.push(performance.now() - start);
      }
    const [one = 0, other = 0] = Object.values(times).map((all) => all.sort((a, b) => a - b)[150]);

    expect(Math.abs(one - other)).toBeLessThan(Math.max(one, other) / 2);
  });
});

describe('T14: links that mail programs have rewritten', () => {
  const REWRITTEN: [string, (given: Mailed) => string][] = [
    ['left alone', ({ link }) => link],
    ['with a space behind', ({ link }) => `${link}%20`],
    ['with spaces and a line’s end behind', ({ link }) => `${link}%20%20%0D%0A`],
    ['with an angle bracket behind', ({ link }) => `${link}%3E`],
    ['with a quote behind', ({ link }) => `${link}%22`],
    ['with a bracket and a full stop behind', ({ link }) => `${link}).`],
    ['with a soft line break behind', ({ link }) => `${link}%3D`],
    [
      'as Safe Links unwraps it',
      ({ link }) => `${link}&data=05%7C02%7Canna%40acme.example%7C0&sdata=x%2Fy%3D&reserved=0`,
    ],
    ['as Proofpoint unwraps it', ({ link }) => `${link}&d=DwMFaQ&c=x&r=y&m=z&s=w&e=`],
    ['as Mimecast unwraps it', ({ link }) => `${link}&domain=approve.acme.example`],
    ['with campaign parameters in front', ({ page, token }) => `${page}?utm_source=mail&mc_cid=1&t=${token}`],
    ['with a fragment', ({ link }) => `${link}#:~:text=Approve`],
    ['with every octet of its token written out', ({ page, token }) => `${page}?t=${octets(token)}`],
    ['with the octets in capitals', ({ page, token }) => `${page}?t=${octets(token).toUpperCase()}`],
    ['with the token twice', ({ link, token }) => `${link}&t=${token}`],
  ];
  const octets = (token: string) => [...token].map((one) => `%${one.charCodeAt(0).toString(16)}`).join('');

  it.each(REWRITTEN)('%s still lead to the page', async (_, rewrite) => {
    const given = await here.ask();
    const { status, cookies } = await raw(rewrite(given));
    const { body } = await raw(given.page, { headers: { cookie: cookies } });

    expect(status).toBe(303);
    expect(body).toContain('Approve exactly this');
  });

  it.each([
    ['in the fragment', ({ page, token }: Mailed) => `${page}#t=${token}`],
    ['in capitals', ({ page, token }: Mailed) => `${page}?t=${token.toUpperCase()}`],
    ['cut short', ({ link }: Mailed) => link.slice(0, -4)],
    [
      'on another request',
      ({ token }: Mailed) => `${here.url}/a/${approvalId(ORG, 'run_x', 'plan')}?t=${token}`,
    ],
  ])('with their token %s lead nowhere, and change nothing', async (_, rewrite) => {
    const given = await here.ask();

    expect((await raw(rewrite(given))).status).toBe(404);
    expect(await isUntouched(given.approval)).toBe(true);
  });
});

describe('T20: a browser with two identities', () => {
  it('decides as whoever is signed in, never as whose link was planted', async () => {
    const [planted, own] = [await here.ask(), await here.ask()];
    const { name, value } = await here.session('ben@acme.example');
    const { cookies: link } = await raw(planted.link);
    const cookie = `${link}; ${name}=${value}`;
    const { body } = await raw(own.page, { headers: { cookie } });
    const form = /name="form" value="([^"]+)"/.exec(body)?.[1] ?? '';
    await press(own, { cookie, form, body }, { code: '' });

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
    const bySession = /name="form" value="([^"]+)"/.exec(body)?.[1] ?? '';

    expect((await press(given, { ...byLink, cookie: session })).status).toBe(404);
    expect((await press(given, { ...byLink, form: bySession })).status).toBe(404);
    expect((await press(given, { ...byLink, cookie: `${byLink.cookie}; ${session}` })).status).toBe(403);
    expect((await approvals.find(ORG, given.approval.id))?.status).toBe('PENDING');
  });
});
