import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultPolicy } from '#core/policy/default.ts';
import { visible } from '#core/visible.ts';
import { ORG, payload } from '../support/approvals.ts';
import { CHROMIUM, chromiumHere } from '../support/browser.ts';
import { adopt } from '../support/organization.ts';
import { type Site, site } from './site.ts';
import { VECTORS } from './vectors.ts';
import { everywhere, opened, shape } from './visit.ts';

const isFull = Boolean(process.env.SIGNALBOX_FULL);
/** In the short run one vector of so many, others each day. */
const SPREAD = 16;
const TODAY = Math.floor(Date.now() / 86_400_000);

let here: Site;
beforeAll(async () => {
  here = await site();
});
afterAll(() => here.stop());

describe.runIf(CHROMIUM)('text that would be markup', { timeout: 600_000 }, () => {
  let browser: Browser;
  let context: BrowserContext;
  beforeAll(async () => {
    browser = await chromiumHere();
    context = await browser.newContext();
  });
  afterAll(() => browser.close());

  it('T17: shows ways of smuggling markup as what they are, in every field', async () => {
    const plain = await opened(here, await here.ask(everywhere('plain')), context);
    const expected = await shape(plain.page);
    await plain.page.close();
    for (const vector of VECTORS.filter((_, at) => isFull || at % SPREAD === TODAY % SPREAD)) {
      const given = await here.ask(everywhere(vector));
      const { page, complaints, asked } = await opened(here, given, context);

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
      const { page, complaints } = await opened(here, given, context);
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
    const { page } = await opened(here, given, context);
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
});
