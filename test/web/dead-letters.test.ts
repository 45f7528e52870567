import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDeadLetters } from '#adapters/dynamodb/dead-letters.ts';
import { deadLetterOf } from '#core/dead-letters.ts';
import { ORG } from '../support/approvals.ts';
import { CHROMIUM, chromiumHere } from '../support/browser.ts';
import { productWithTeam, type Team } from '../support/team.ts';

const shots = process.env.SIGNALBOX_SHOTS;

describe.runIf(CHROMIUM)('dead letters on the dashboard, in a real browser', { timeout: 60_000 }, () => {
  let team: Team;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    team = await productWithTeam();
    const deadLetters = dynamoDeadLetters(team.tableOf('DeadLetters'));
    const at = new Date().toISOString();
    for (const [number, message] of ['Jira answered 503', 'Jira answered 503 <b>'].entries()) {
      // No ticket is so called: whoever takes the message again finds nothing to do.
      const body = JSON.stringify({ detail: { org: ORG, ticketId: `tk_none_${number}` } });
      const sent = { messageId: `m-${number}`, queue: 'Answers/Jira', body, sentAt: at, attempts: 5 };
      await deadLetters.file(deadLetterOf(sent, { code: 'Unavailable', message, at }, at));
    }
    browser = await chromiumHere();
    page = await (await browser.newContext()).newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (said) => said.type() === 'error' && complaints.push(said.text()));
    await page.goto(`${team.url}/dead-letters`);
    await page.getByLabel('E-mail address').fill('anna@acme.example');
    await page.getByRole('button', { name: 'Send me a code' }).click();
    await page.getByLabel('Code').fill(await team.codeOf('anna@acme.example'));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Dead letters' }).waitFor();
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await team?.stop();
  });

  const rows = () => page.getByRole('region', { name: 'Dead letters' }).getByRole('listitem');
  const shot = async (name: string) => {
    if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  };

  it('says of each what failed and why, and shows its message', async () => {
    await expect.poll(() => rows().count()).toBe(2);
    await rows().filter({ hasText: '503 <b>' }).getByRole('button', { name: 'Show' }).click();
    await page.getByText('tk_none_1').waitFor();
    await shot('dead-letters');

    expect(await rows().allTextContents()).toEqual(
      expect.arrayContaining([expect.stringContaining('Jira answered 503 (5 attempts)')]),
    );
  });

  it('replays one, then all', async () => {
    const replayed = () => rows().filter({ hasText: 'replayed' }).count();
    await rows().first().getByRole('button', { name: 'Replay' }).click();
    await expect.poll(replayed).toBe(1);
    await page.getByRole('button', { name: 'Replay all' }).click();
    await expect.poll(replayed).toBe(2);

    expect(await page.getByRole('button', { name: 'Replay all' }).count()).toBe(0);
    expect(complaints.filter((one) => !one.includes('401'))).toEqual([]);
  });
});
