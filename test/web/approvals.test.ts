import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annaSees, CHROMIUM, type Seen } from '../support/browser.ts';
import { MAIL, productWithTeam, REFUND, type Team } from '../support/team.ts';

describe.runIf(CHROMIUM)('approvals on the dashboard, in a real browser', { timeout: 60_000 }, () => {
  let team: Team;
  let seen: Seen;
  let page: Page;

  beforeAll(async () => {
    team = await productWithTeam();
    seen = await annaSees(team, '/approvals', 'Approvals');
    page = seen.page;
  }, 90_000);

  afterAll(async () => {
    await seen?.close();
    await team?.stop();
  });

  const polled = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 10_000 });
  const region = (name: string) => page.getByRole('region', { name });
  const textOf = (name: string) => region(name).textContent();

  /** Goes on with the keyboard alone until the focus is on what has this name. */
  async function tabTo(name: RegExp): Promise<void> {
    const focused = () =>
      page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent,
      );
    for (let tabs = 0; tabs < 40 && !name.test((await focused()) ?? ''); tabs += 1)
      await page.keyboard.press('Tab');
    expect(await focused()).toMatch(name);
  }

  it('says what will be there while there is nothing', async () => {
    expect(await textOf('Waiting for a decision')).toContain('no answer means no');
    expect(await textOf('Over')).toContain('Nothing yet');
    expect(await textOf('Figures')).toContain('Nothing was asked in this time');
    await seen.shot('approvals-empty');
  });

  it('shows what waits, the most urgent first, with why, for how long and at what risk', async () => {
    await team.propose('email.send', { ...MAIL, subject: '<img src=x onerror=alert(1)>' });
    await team.propose('billing.refund', REFUND);
    await polled(() => region('Waiting for a decision').getByRole('listitem').count()).toBe(2);
    const rows = await region('Waiting for a decision').getByRole('listitem').allTextContents();

    expect(rows[0]).toContain('<img src=x onerror=alert(1)>');
    for (const words of [
      ...['medium risk', 'due in 4 hours', 'Rule mail, risk medium', 'Requested by olga@acme.example'],
      ...['Asked: anna@acme.example, ben@acme.example', 'not opened yet'],
    ])
      expect(rows[0]).toContain(words);
    expect(rows[1]).toMatch(/high risk.*takes a passkey/s);
  });

  it('leads by keyboard alone to the page, where the session is enough, and back to who decided', async () => {
    await page.locator('body').press('Home');
    await tabTo(/^Decide: Send a mail/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/a\/act_/);
    await page.getByRole('button', { name: 'Approve exactly this' }).click();
    await page.waitForURL(/\/receipt$/);
    await page.goto(`${team.url}/approvals`);
    await polled(() => textOf('Over')).toContain('Approved by anna@acme.example, web');

    expect(await region('Waiting for a decision').getByRole('listitem').count()).toBe(1);
    expect(await region('Over').getByRole('listitem').count()).toBe(1);
  });

  it('notes that somebody opened one, though they decided nothing', async () => {
    await page.goto(`${team.url}/approvals`);
    await region('Waiting for a decision')
      .getByRole('link', { name: /^Decide: Refund/ })
      .click();
    await page.waitForURL(/\/a\/act_/);
    await page.goto(`${team.url}/approvals`);

    await polled(() => textOf('Waiting for a decision')).toContain('first opened');
  });

  it('draws how people decided, for each type of action', async () => {
    await page.reload();
    await page.getByRole('article').first().waitFor();
    const mail = page.getByRole('article').filter({ hasText: 'email.send' });

    expect(await page.getByRole('article').count()).toBe(3);
    expect(await mail.textContent()).toMatch(
      /1 asked.*0 % of 1: 0 declined, 0 changed.*Rubber stamps100 % of 1/s,
    );
    expect(await mail.getByRole('img', { name: 'require approval 1' }).count()).toBe(1);
    await page.getByLabel('Period').selectOption('7');
    await polled(() => page.getByLabel('Period').inputValue()).toBe('7');
  });

  it('goes on with what is decided meanwhile, and pages through what was before', async () => {
    await team.propose('repo.read', { repository: 'acme/tap', paths: ['a'] });
    for (let count = 0; count < 11; count += 1)
      await team.decline('ben', await team.propose('email.send', MAIL), 'Not now');
    await polled(() => textOf('Over')).toContain('Declined by ben@acme.example, web');
    await page.reload();
    const older = page.getByRole('button', { name: 'Show older ones' });
    await older.click();

    await polled(() => region('Over').getByRole('listitem').count()).toBe(12);
    expect(await older.count()).toBe(0);
    expect(await textOf('Over')).not.toContain('policy');
  });

  it.each(['light', 'dark'] as const)('fits a phone in %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 375, height: 700 });
    await page.goto(`${team.url}/approvals`);
    await page.getByRole('article').first().waitFor();
    await seen.shot(`approvals-phone-${colorScheme}`);
    const tooWide = await page.evaluate(() =>
      [...document.querySelectorAll('body *')]
        .filter((one) => one.getBoundingClientRect().right > 376 || one.scrollWidth > one.clientWidth + 1)
        .map((one) => `${one.tagName}.${one.className}: ${one.textContent?.slice(0, 60)}`),
    );

    expect(tooWide).toEqual([]);
    await page.setViewportSize({ width: 1100, height: 800 });
    await seen.shot(`approvals-${colorScheme}`);
  });

  it('complains about nothing', () => {
    // Before signing in the page asks who it is, and is told nobody.
    expect(seen.complaints()).toEqual([]);
  });
});
