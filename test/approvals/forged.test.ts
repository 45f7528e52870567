import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvals, ORG } from '../support/approvals.ts';
import { CHROMIUM, chromiumHere } from '../support/browser.ts';
import { raw } from '../support/raw.ts';
import { PRESSED } from './person.ts';
import { isUntouched, type Mailed, type Site, site } from './site.ts';
import { open, press } from './visit.ts';

let here: Site;
let elsewhere: Server;
/** What another site's page says; `/` on any of its names. */
let theirs = '';

beforeAll(async () => {
  here = await site();
  elsewhere = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(theirs);
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, resolve));
});
afterAll(async () => {
  elsewhere.closeAllConnections();
  elsewhere.close();
  await here.stop();
});

const port = () => (elsewhere.address() as AddressInfo).port;
/** Another site, and another origin of the same site: to that one the browser sends our cookies. */
const SITES: Record<string, () => string> = {
  'another site': () => `http://127.0.0.1:${port()}/`,
  'a sister of our own site': () => `http://localhost:${port()}/`,
};

describe.runIf(CHROMIUM)('what other sites can do', { timeout: 60_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromiumHere();
  });
  afterAll(() => browser.close());

  /** Somebody who has the page open, and then goes to the other site. */
  async function lured(given: Mailed, to: string): Promise<{ context: BrowserContext; page: Page }> {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(given.link);
    await page.goto(to);
    return { context, page };
  }

  const fields = (form: string, code: string) =>
    Object.entries({ form, code, decision: 'approve' })
      .map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
      .join('');

  it.each(Object.keys(SITES))(
    'T15: %s posts the very form with the right code, and decides nothing',
    async (name) => {
      const given = await here.ask();
      const { form } = await open(given);
      const action = `${given.page}/decision`;
      theirs = `<form id="f" method="post" action="${action}">${fields(form, given.code)}<button>Free prizes</button></form>
      <form id="g" method="post" action="${action}" target="in">${fields(form, given.code)}</form><iframe name="in"></iframe>`;
      const { context, page } = await lured(given, SITES[name]?.() ?? '');
      const before = here.seen.length;
      const posts = () => here.seen.slice(before).filter(({ method }) => method === 'POST');
      await page.evaluate(
        ([url, body]) =>
          fetch(url as string, {
            method: 'POST',
            mode: 'no-cors',
            credentials: 'include',
            body: new URLSearchParams(body),
          }).catch(() => undefined), // the answer is kept from it, but the post was sent
        [action, new URLSearchParams({ form, code: given.code, decision: 'approve' }).toString()],
      );
      await page.evaluate(() => document.querySelector<HTMLFormElement>('#g')?.submit());
      await expect.poll(posts).toHaveLength(2);
      const [answer] = await Promise.all([page.waitForNavigation(), page.getByRole('button').click()]);

      expect(posts()).toHaveLength(3);
      expect(answer?.status()).toBe(403);
      expect(await isUntouched(given.approval)).toBe(true);
      await context.close();
    },
  );

  it('T16: another site cannot show the page inside its own, by any element', async () => {
    const given = await here.ask();
    theirs = `<iframe src="${given.link}"></iframe><iframe src="${given.page}"></iframe>
      <object data="${given.page}" type="text/html"></object><embed src="${given.page}" type="text/html">
      <iframe src="${given.page}/receipt"></iframe><iframe src="${here.url}/nowhere"></iframe><iframe srcdoc="<iframe src='${given.page}'></iframe>"></iframe>`;
    for (const to of Object.values(SITES)) {
      const { context, page } = await lured(given, to());
      await page.waitForLoadState('networkidle');
      const inside = page.frames().slice(1);
      const shown = await Promise.all(inside.map((frame) => frame.content()));

      expect(inside.length).toBeGreaterThanOrEqual(5);
      expect(shown.filter((text) => text.includes('Signalbox'))).toEqual([]);
      await context.close();
    }
  });
});

describe('T15: a forged post', () => {
  const cases: [string, Record<string, string | undefined>][] = [
    ['from another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['from a sister site', { 'sec-fetch-site': 'same-site', origin: 'https://app.acme.example' }],
    ['from nowhere', { 'sec-fetch-site': 'none' }],
    ['from a site that hides its name', { origin: 'null' }],
    ['into a frame', { 'sec-fetch-dest': 'iframe' }],
    ['by fetch', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['without a hand', { 'sec-fetch-user': undefined }],
    ['with half of the metadata', { 'sec-fetch-mode': undefined }],
    ['with an address that only begins like ours', { origin: 'http://localhost.evil.example' }],
    ['as text', { 'content-type': 'text/plain' }],
    ['in parts', { 'content-type': 'multipart/form-data; boundary=x' }],
  ];

  it.each(cases)('%s is refused, though everything else in it is right', async (_, change) => {
    const given = await here.ask();
    const { status } = await press(here, given, { ...(await open(given)), headers: change });

    expect(status).toBe(403);
    expect(await isUntouched(given.approval)).toBe(true);
  });
});

describe('T15: a made-up passkey in the form', () => {
  it.each([
    ['by a script', { 'sec-fetch-user': undefined }],
    ['by hand', {}],
    ['from a sister site', { 'sec-fetch-site': 'same-site' }],
  ])('decides nothing %s', async (_, change) => {
    const given = await here.ask();
    const opened = await open(given);
    for (const assertion of ['', '{}', 'null', '{"id":"x","response":{}}']) {
      const { status } = await press(here, given, { ...opened, fields: { assertion }, headers: change });

      expect(status).toBe(403);
    }
    expect(await approvals.find(ORG, given.approval.id)).toMatchObject({ status: 'PENDING', votes: [] });
  });
});

describe('T16: every answer', () => {
  it('forbids frames, sniffing, caching and passing on the address, whatever it says', async () => {
    const given = await here.ask();
    const { form, cookie } = await open(given);
    const post = { method: 'POST', headers: { ...PRESSED, origin: here.url, cookie } };
    const decide = (fields: object) => ({
      ...post,
      body: new URLSearchParams({ form, ...fields }).toString(),
    });
    const decision = `${given.page}/decision`;
    const answers = [
      await raw(given.link),
      await raw(given.page, { headers: { cookie } }),
      await raw(given.page),
      await raw(`${here.url}/nowhere`),
      await raw(given.page, { method: 'DELETE' }),
      await raw(decision, { method: 'POST' }),
      await raw(decision, { ...post, body: 'x'.repeat(70_000) }),
      await raw(decision, { ...post, body: 'x'.repeat(1_100_000) }),
      await raw(decision, decide({ decision: 'approve' })),
      await raw(decision, decide({ decision: 'approve', code: '0000-0000' })),
      await raw(decision, decide({ decision: 'approve', code: given.code })),
      await raw(decision, decide({ decision: 'decline', code: given.code, reason: 'no' })),
    ];

    expect(answers.map(({ status }) => status)).toEqual([
      303, 200, 404, 404, 404, 403, 403, 413, 400, 403, 303, 409,
    ]);
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
        'referrer-policy': expect.stringMatching(/^(same-origin|no-referrer)$/),
        'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      });
      expect(headers['content-security-policy']).not.toContain('script-src');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});
