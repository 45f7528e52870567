import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvals, ORG } from '../support/approvals.ts';
import { CHROMIUM, chromiumHere } from '../support/browser.ts';
import { raw } from '../support/raw.ts';
import { isUntouched, type Mailed, type Site, site } from './site.ts';
import { everywhere, opened } from './visit.ts';

let here: Site;
beforeAll(async () => {
  here = await site();
});
afterAll(() => here.stop());

const status = async ({ approval }: Mailed) => (await approvals.find(ORG, approval.id))?.status;

describe.runIf(CHROMIUM)('the page, in a real browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  let context: BrowserContext;
  beforeAll(async () => {
    browser = await chromiumHere();
    context = await browser.newContext();
  });
  afterAll(() => browser.close());

  it('is one request after the redirect, without script, and under 14 KB besides the payload', async () => {
    const given = await here.ask(everywhere('x'.repeat(400)));
    const { page, asked } = await opened(here, given, context);
    const requests = asked().map(({ url }) => url);
    const { cookies } = await raw(given.link);
    const { body } = await raw(given.page, { headers: { cookie: cookies } });
    const shown = await page.locator('pre').allTextContents();

    expect(requests).toEqual([`/a/${given.approval.id}?t=${given.token}`, `/a/${given.approval.id}`]);
    expect(await page.evaluate(() => document.scripts.length)).toBe(0);
    expect(Buffer.byteLength(body) - Buffer.byteLength(shown.join(''))).toBeLessThan(14_000);
    await page.close();
  });

  it('decides without any script', async () => {
    const given = await here.ask();
    const bare = await browser.newContext({ javaScriptEnabled: false });
    const { page } = await opened(here, given, bare);
    await page.getByLabel(/Code from the mail/).fill(given.code);
    await page.getByRole('button', { name: 'Approve exactly this' }).click();
    await page.waitForURL(/\/receipt$/);

    expect(await status(given)).toBe('APPROVED');
    await bare.close();
  });

  it('T07: tells nobody of the link: no canary in a payload is asked for, and no address with the token is passed on', async () => {
    const canary = `${here.url}/canary.png`;
    const text = `<img src="${canary}"> ![x](${canary}) <a href="${canary}">x</a> ${canary}`;
    const given = await here.ask(everywhere(text));
    const { page, asked } = await opened(here, given, context);
    for (const anchor of await page.locator('a').all()) await anchor.click();
    await page.getByLabel(/Code from the mail/).fill(given.code);
    await page.getByRole('button', { name: 'Approve exactly this' }).click();
    await page.waitForURL(/\/receipt$/);

    expect(asked().map(({ url }) => url)).not.toContain('/canary.png');
    expect(asked().filter(({ headers }) => headers.referer?.includes('t='))).toEqual([]);
    expect(page.url()).not.toContain('t=');
    await page.close();
  });

  it('T19: cannot be brought back with the back button once it has decided', async () => {
    const given = await here.ask();
    const { page, asked } = await opened(here, given, context);
    await page.getByLabel(/Code from the mail/).fill(given.code);
    await page.getByRole('button', { name: 'Approve exactly this' }).click();
    await page.waitForURL(/\/receipt$/);
    const before = asked().length;
    await page.goBack();

    expect(asked().length).toBeGreaterThan(before);
    expect(await page.locator('form').count()).toBe(0);
    await page.close();
  });

  it('T20: takes a planted link for nobody else’s decision', async () => {
    const given = await here.ask();
    const victim = await browser.newContext();
    const session = await here.session('ben@acme.example');
    await victim.addCookies([
      { ...session, url: here.url.replace('http:', 'https:'), secure: true, httpOnly: true },
    ]);
    const { page } = await opened(here, given, victim);

    expect(await page.textContent('main')).toContain('sent to a…@acme.example');
    expect(await page.locator('form').count()).toBe(0);
    expect(await isUntouched(given.approval)).toBe(true);
    await victim.close();
  });

  it('can be used with the keyboard alone, and Enter in a field presses nothing', async () => {
    const given = await here.ask();
    const { page, asked } = await opened(here, given, context);
    const focused = () =>
      page.evaluate(
        () =>
          document.activeElement?.getAttribute('name') +
          ' ' +
          (document.activeElement?.getAttribute('value') ?? ''),
      );
    await page.keyboard.press('Tab');
    const first = await focused();
    await page.keyboard.type(given.code);
    await page.keyboard.press('Enter');
    const requests = asked().length;
    const order = [first];
    for (let at = 0; at < 3; at += 1) {
      await page.keyboard.press('Tab');
      order.push(await focused());
    }
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement as Element).outlineStyle,
    );
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/receipt$/);

    expect(requests).toBe(2);
    expect(order).toEqual(['code ', 'reason ', 'decision decline', 'decision approve']);
    expect(outline).not.toBe('none');
    expect(await status(given)).toBe('APPROVED');
    await page.close();
  });

  it('has a name for everything that a screen reader stops at', async () => {
    const { page } = await opened(here, await here.ask(), context);
    const names = await page.locator('body').ariaSnapshot();

    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    expect(await page.title()).toBe('Change code in acme/tap-orders for ETL-142');
    expect(names.match(/heading .*/g)).toEqual([
      'heading "Change code in acme/tap-orders for ETL-142" [level=1]',
      ...[
        'The request',
        'If you approve',
        'Everything you approve',
        'The agent says (not verified)',
        'Your decision',
      ].map((name) => `heading "${name}" [level=2]`),
    ]);
    expect(names.match(/(textbox|button|link) ".*/g)).toEqual([
      'textbox "Code from the mail (8 letters and digits)"',
      'textbox "Reason (required to decline)"',
      'button "Decline"',
      'button "Approve exactly this"',
    ]);
    await page.close();
  });

  it.each([320, 375])('fits a phone %i wide, with fields and buttons that a thumb can hit', async (width) => {
    const given = await here.ask(everywhere('a/very-long-name-without-any-space.'.repeat(9)));
    const { page } = await opened(here, given, context);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 700 });
      const sizes = await page
        .locator('#code, textarea, button.no, button.go')
        .evaluateAll((all) =>
          all.map((one) => one.getBoundingClientRect()).map(({ height, width }) => Math.min(height, width)),
        );

      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      expect(Math.min(...sizes)).toBeGreaterThanOrEqual(44);
    }
    await page.close();
  });
});
