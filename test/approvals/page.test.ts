import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlanPayload } from '#core/approvals/plan.ts';
import { defaultPolicy } from '#core/policy/default.ts';
import { visible } from '#core/visible.ts';
import { approvals, ORG, payload } from '../support/approvals.ts';
import { CHROMIUM, chromiumHere } from '../support/browser.ts';
import { adopt } from '../support/organization.ts';
import { raw } from '../support/raw.ts';
import { isUntouched, type Mailed, type Site, site } from './site.ts';
import { VECTORS } from './vectors.ts';

const isFull = Boolean(process.env.SIGNALBOX_FULL);
/** In the short run one vector of so many, others each day. */
const SPREAD = 16;
const TODAY = Math.floor(Date.now() / 86_400_000);

let here: Site;
beforeAll(async () => {
  here = await site();
});
afterAll(() => here.stop());

const status = async ({ approval }: Mailed) => (await approvals.find(ORG, approval.id))?.status;

/** A payload with this text wherever there is text. */
function everywhere(text: string): Partial<PlanPayload> {
  const { ticket, diagnosis } = payload();
  return {
    ticket: { ...ticket, externalId: text, reporter: text, title: text, body: text, url: text },
    repository: { fullName: text, base: text },
    diagnosis: {
      ...diagnosis,
      ...{ summary: text, plan: [text], files: [text], evidence: [{ id: text, what: text, excerpt: text }] },
    },
  };
}

describe.runIf(CHROMIUM)('the page, in a real browser', { timeout: 600_000 }, () => {
  let browser: Browser;
  let context: BrowserContext;
  beforeAll(async () => {
    browser = await chromiumHere();
    context = await browser.newContext();
  });
  afterAll(() => browser.close());

  /** Opens a link as a click in a mail does; answers the page with what it complained of, and what it asked our server for. */
  async function opened({ link }: Mailed, within = context) {
    const page = await within.newPage();
    const complaints: string[] = [];
    page.on('console', (said) => complaints.push(said.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => complaints.push(dialog.message()));
    const before = here.seen.length;
    await page.goto(link);
    return { page, complaints, asked: () => here.seen.slice(before) };
  }

  /** Every element with the names of its attributes, in order: what text may not change. */
  const shape = (page: Page) =>
    page.evaluate(() =>
      [...document.querySelectorAll('*')].map((one) => `${one.tagName} ${one.getAttributeNames().join(' ')}`),
    );

  it('is one request after the redirect, without script, and under 14 KB besides the payload', async () => {
    const given = await here.ask(everywhere('x'.repeat(400)));
    const { page, asked } = await opened(given);
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
    const { page } = await opened(given, bare);
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
    const { page, asked } = await opened(given);
    for (const anchor of await page.locator('a').all()) await anchor.click();
    await page.getByLabel(/Code from the mail/).fill(given.code);
    await page.getByRole('button', { name: 'Approve exactly this' }).click();
    await page.waitForURL(/\/receipt$/);

    expect(asked().map(({ url }) => url)).not.toContain('/canary.png');
    expect(asked().filter(({ headers }) => headers.referer?.includes('t='))).toEqual([]);
    expect(page.url()).not.toContain('t=');
    await page.close();
  });

  it('T17: shows ways of smuggling markup as what they are, in every field', async () => {
    const plain = await opened(await here.ask(everywhere('plain')));
    const expected = await shape(plain.page);
    await plain.page.close();
    for (const vector of VECTORS.filter((_, at) => isFull || at % SPREAD === TODAY % SPREAD)) {
      const given = await here.ask(everywhere(vector));
      const { page, complaints, asked } = await opened(given);

      expect(await shape(page), vector).toEqual(expected);
      expect(await page.locator('pre').first().textContent(), vector).toBe(visible(given.text));
      expect(complaints, vector).toEqual([]);
      expect(asked(), vector).toHaveLength(2);
      await page.close();
    }
  });

  it('T17: shows them as they are in what may be changed, in a reason, and on the receipt', async () => {
    const mail = (text: string) => ({ to: ['bob@acme.example'], subject: text, body: text });
    const more = { modifiable: ['/subject', '/body'] };
    const policy = defaultPolicy(ORG);
    const rule = { id: 'mail', action: 'email.send', risk: 'medium', mode: 'require_approval' } as const;
    await adopt(ORG, { ...policy, rules: [...policy.rules, { ...rule, approval: 'approvers' }] }, 0);
    const receiptOf = async (text: string) => {
      const given = await here.about('email.send', mail(text), more);
      const { page, complaints } = await opened(given);
      const form = await shape(page);
      const values = await page
        .locator('details textarea')
        .evaluateAll((all) => all.map((one) => (one as HTMLTextAreaElement).value));
      await page.locator('#reason').fill(text);
      await page.getByLabel(/Code from the mail/).fill(given.code);
      await page.getByRole('button', { name: 'Decline' }).click();
      await page.waitForURL(/\/receipt$/);
      const receipt = await shape(page);
      await page.close();
      return { form, values, receipt, complaints };
    };
    const expected = await receiptOf('plain');
    for (const vector of VECTORS.filter((_, at) => at % (isFull ? 4 : 40) === 0)) {
      const text = vector.replace(/[\r\n\0]/g, '');
      const found = await receiptOf(text);

      expect(found, vector).toEqual({ ...expected, values: [text, text] });
    }
  });

  it('T18: writes out what the eye cannot see, and cuts nothing however long a line is', async () => {
    const hidden = [
      '\u202e',
      '\u2066',
      '\u200b',
      '\u200d',
      '\u00ad',
      '\ufeff',
      '\u061c',
      '\u180e',
      '\u0007',
      '\u001b[31m',
      '\u3164',
      '\ufe0f',
      '\u{e0041}',
      '\u2028',
    ];
    const text = `${hidden.join('|')} Аpproved by admin\n${'\n'.repeat(200)}${'x'.repeat(50_000)} ${'w i d e '.repeat(5_000)}the end`;
    const { ticket } = payload();
    const given = await here.ask({ ticket: { ...ticket, body: text, title: `pay\u202egpj` } });
    const { page } = await opened(given);
    await page.setViewportSize({ width: 375, height: 700 });
    const pre = page.locator('pre').first();
    const shown = (await pre.textContent()) ?? '';
    const box = await pre.evaluate((one) => {
      const { overflowX, overflowY, display, visibility } = getComputedStyle(one);
      const { scrollWidth, clientWidth, scrollHeight, clientHeight } = one;
      return {
        overflowX,
        overflowY,
        display,
        visibility,
        wide: scrollWidth - clientWidth,
        high: scrollHeight - clientHeight,
      };
    });
    const bottom = await pre.evaluate((one) => one.getBoundingClientRect().bottom);
    const button = await page.locator('button.go').evaluate((one) => one.getBoundingClientRect().top);

    expect(shown).toBe(visible(given.text));
    expect(shown).toContain('the end');
    expect(
      shown.replace(/⟦U\+([0-9A-F]+)⟧/g, (_, hex) => String.fromCodePoint(Number.parseInt(hex, 16))),
    ).toBe(given.text);
    expect(
      await page.evaluate(() =>
        /[\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff]/.test(document.body.textContent ?? ''),
      ),
    ).toBe(false);
    expect(box).toEqual({
      overflowX: 'visible',
      overflowY: 'visible',
      display: 'block',
      visibility: 'visible',
      wide: 0,
      high: 0,
    });
    expect(button).toBeGreaterThan(bottom);
    await page.close();
  });

  it('T19: cannot be brought back with the back button once it has decided', async () => {
    const given = await here.ask();
    const { page, asked } = await opened(given);
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
    const { page } = await opened(given, victim);

    expect(await page.textContent('main')).toContain('sent to a…@acme.example');
    expect(await page.locator('form').count()).toBe(0);
    expect(await isUntouched(given.approval)).toBe(true);
    await victim.close();
  });

  it('can be used with the keyboard alone, and Enter in a field presses nothing', async () => {
    const given = await here.ask();
    const { page, asked } = await opened(given);
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
    const { page } = await opened(await here.ask());
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
    const { page } = await opened(given);
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
