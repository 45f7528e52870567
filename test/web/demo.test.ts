import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, chromiumHere } from '../support/browser.ts';
import { type RunningProduct, startedProduct } from '../support/product.ts';

const shots = process.env.SIGNALBOX_SHOTS;

describe.runIf(CHROMIUM)('the main job, in a real browser', { timeout: 240_000 }, () => {
  let product: RunningProduct;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    product = await startedProduct();
    browser = await chromiumHere();
    page = await (await browser.newContext()).newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (said) => said.type() === 'error' && complaints.push(said.text()));
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await product?.stop();
  });

  async function shot(name: string): Promise<void> {
    if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  }

  it('signs a lead in with the code from the mailbox', async () => {
    await page.goto(product.dashboard);
    await page.getByLabel('E-mail address').fill('lead@demo.example');
    await page.getByRole('button', { name: 'Send me a code' }).click();
    await page.getByLabel('Code').fill(await codeFor(product.mailbox, 'lead@demo.example'));
    await page.getByRole('button', { name: 'Sign in' }).click();

    await expect
      .poll(() => page.locator('header').textContent(), { timeout: 10_000 })
      .toContain('lead@demo.example');
    // Before signing in the page asks who it is, and is told nobody: the one error that belongs there.
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
  });

  it('shows the ticket waiting for a decision', async () => {
    await expect
      .poll(() => page.locator('main').textContent(), { timeout: 30_000 })
      .toContain('Waiting for a decision');
    await shot('1-board');
    await page
      .getByRole('link', { name: /tap-orders: over half/ })
      .first()
      .click();

    await expect.poll(() => page.locator('main').textContent(), { timeout: 10_000 }).toContain('Diagnosis');
    await shot('2-waiting');
  });

  it('decides nothing when the link is opened, and decides when the button is pressed', async () => {
    const mail = await browser.newPage();
    await mail.goto(product.mailbox);
    await mail
      .getByRole('link', { name: /Decide: ETL-142/ })
      .first()
      .click();
    if (shots) await mail.screenshot({ path: `${shots}/3-mail.png` });
    const body = mail.frameLocator('iframe').locator('body');
    const [code = ''] = /[0-9A-Z]{4}-[0-9A-Z]{4}/.exec((await body.textContent()) ?? '') ?? [];
    await mail.frameLocator('iframe').getByRole('link').first().click();
    await mail.waitForURL(/\/a\/act_[^?]*$/);
    if (shots) await mail.screenshot({ path: `${shots}/4-approval.png`, fullPage: true });
    const before = await page.evaluate(async () => (await fetch('/api/approvals')).json());
    await mail.getByLabel(/Code from the mail/).fill(code);
    await mail.getByRole('button', { name: /approve/i }).click();
    await mail.waitForURL(/\/receipt$/);
    if (shots) await mail.screenshot({ path: `${shots}/5-receipt.png` });

    expect(before.approvals).toHaveLength(1);
    expect(mail.url()).not.toContain('t=');
    expect(await mail.textContent('body')).toMatch(/approved/i);
    await mail.close();
  });

  it('shows the pull request, and the forge shows the change', async () => {
    const link = page.getByRole('link', { name: /acme\/tap-orders #1/ });
    await link.waitFor({ timeout: 150_000 });
    await expect
      .poll(() => page.locator('main').textContent(), { timeout: 10_000 })
      .toContain('Verification in a clean clone: passed');
    await shot('6-in-review');
    await link.click();
    await page.waitForURL(/\/pull\/1$/);
    await shot('7-pull-request');

    expect(await page.textContent('body')).toContain('client.py');
  });

  it('ends as merged when the pull request is merged on the forge', async () => {
    await page.getByRole('button', { name: /merge/i }).click();
    await page.goto(product.dashboard);

    await expect.poll(() => page.locator('main').textContent(), { timeout: 20_000 }).toContain('merged');
    await shot('8-merged');
  });

  it('takes a correction from a lead, and says who decided', async () => {
    await page
      .getByRole('link', { name: /tap-orders: over half/ })
      .first()
      .click();
    const card = page.getByRole('region', { name: 'How it was understood' });
    await card.getByLabel('priority').selectOption('low');
    await card.getByRole('button', { name: 'Correct or confirm' }).click();

    await expect.poll(() => card.textContent(), { timeout: 10_000 }).toContain('Decided by person');
    expect(await card.textContent()).toMatch(/Understood as bug, low.*priority low, not/s);
    await shot('9-corrected');
  });

  it('registers an integration, after it has said which field is wrong', async () => {
    await page.getByRole('link', { name: 'Integrations' }).click();
    const fields: Record<string, string> = {
      Repository: 'https://git.example/acme/tap-shop.git',
      'Python package': 'tap-shop',
      Project: 'shop',
      Tenant: 'acme',
      Credentials: 'ghp_0123456789abcdefghijklmnopqrstuvwxyz',
      Approvers: 'approver@demo.example',
    };
    const field = (name: string) => page.getByRole('textbox', { name: new RegExp(`^${name}`) });
    for (const [name, value] of Object.entries(fields)) await field(name).fill(value);
    await page.getByRole('button', { name: 'Register' }).click();
    const said = page.getByRole('alert');
    await expect.poll(() => said.textContent(), { timeout: 10_000 }).toContain('credentials: Looks like');

    await field('Credentials').fill('shop/acme');
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByRole('rowheader', { name: 'acme/tap-shop' }).waitFor({ timeout: 10_000 });
    await shot('10-integrations');
  });

  it.each(['light', 'dark'] as const)('fits a phone in %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 375, height: 700 });
    await page.goto(product.dashboard);
    await page
      .getByRole('link', { name: /tap-orders: over half/ })
      .first()
      .click();
    await page.getByText('As it was reported').waitFor();
    await shot(`9-phone-${colorScheme}`);

    const tooWide = await page.evaluate(() =>
      [...document.querySelectorAll('body *')]
        .filter((one) => one.getBoundingClientRect().right > 376 || one.scrollWidth > one.clientWidth + 1)
        .map((one) => `${one.tagName}.${one.className}: ${one.textContent?.slice(0, 60)}`),
    );
    expect(tooWide).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
  });
});

async function codeFor(mailbox: string, recipient: string): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const mails: { subject: string; text: string }[] = await (
      await fetch(`${mailbox}/mails.json?to=${recipient}`)
    ).json();
    const code = /Code: (\S+)/.exec(mails.find(({ subject }) => /sign in/i.test(subject))?.text ?? '')?.[1];
    if (code) return code;
    await new Promise((again) => setTimeout(again, 100));
  }
  throw new Error(`No code reached ${recipient}`);
}
