import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { approvalId } from '#core/approvals/approval.ts';
import { approvals, NOW, ORG, question } from '../support/approvals.ts';
import { raw } from '../support/raw.ts';
import { PRESSED } from './person.ts';
import { isUntouched, type Mailed, type Site, site } from './site.ts';
import { open } from './visit.ts';

let here: Site;
beforeAll(async () => {
  here = await site();
});
afterAll(() => here.stop());
beforeEach(() => here.clock.set(NOW));

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
