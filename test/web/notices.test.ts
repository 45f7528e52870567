import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoPreferences } from '#adapters/dynamodb/preferences.ts';
import { personId } from '#core/people/person.ts';
import type { Preferences } from '#core/preferences.ts';
import { ANNA, ORG } from '../support/approvals.ts';
import { CHROMIUM, chromiumHere } from '../support/browser.ts';
import { productWithTeam, type Team } from '../support/team.ts';

const shots = process.env.SIGNALBOX_SHOTS;

describe.runIf(CHROMIUM)('notices on the dashboard, in a real browser', { timeout: 60_000 }, () => {
  let team: Team;
  let browser: Browser;
  let page: Page;
  let preferences: Preferences;
  const complaints: string[] = [];

  beforeAll(async () => {
    team = await productWithTeam();
    preferences = dynamoPreferences(team.tableOf('Notices'));
    await dynamoPeople(team.tableOf('People')).change(ORG, personId(ORG, 'anna@acme.example'), {
      roles: ['lead'],
    });
    browser = await chromiumHere();
    page = await (await browser.newContext()).newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (said) => said.type() === 'error' && complaints.push(said.text()));
    await page.goto(`${team.url}/notices`);
    await page.getByLabel('E-mail address').fill('anna@acme.example');
    await page.getByRole('button', { name: 'Send me a code' }).click();
    await page.getByLabel('Code').fill(await team.codeOf('anna@acme.example'));
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Notices' }).waitFor();
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await team?.stop();
  });

  it('lets somebody say what reaches them how, and keep quiet for a while', async () => {
    await page.getByLabel(/ticket closed/i).selectOption('off');
    await expect
      .poll(async () => (await preferences.personal(ORG, ANNA)).ways)
      .toEqual({ ticket_closed: 'off' });
    await page.getByRole('button', { name: 'Quiet for 12 hours' }).click();
    await page.getByText('Quiet until').waitFor();

    expect((await preferences.personal(ORG, ANNA)).quietUntil).toBeDefined();
    await page.getByRole('button', { name: 'Tell me again' }).click();
    await expect.poll(async () => (await preferences.personal(ORG, ANNA)).quietUntil).toBeUndefined();
  });

  it('lets a lead add and remove a room', async () => {
    await page.getByLabel(/^Channel/).selectOption('discord');
    await page.getByLabel(/^Where/).fill('123456789012345678');
    await page.getByLabel(/Every ticket/).check();
    await page.getByRole('button', { name: 'Add' }).click();
    const room = page.getByRole('region', { name: 'Rooms' });
    await expect
      .poll(() => room.textContent())
      .toMatch(/discord 123456789012345678.*trouble, end of every ticket/s);
    if (shots) await page.screenshot({ path: `${shots}/notices.png`, fullPage: true });
    await room.getByRole('button', { name: 'Remove' }).click();

    await expect.poll(async () => (await preferences.rooms(ORG)).rooms).toEqual([]);
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
  });
});
