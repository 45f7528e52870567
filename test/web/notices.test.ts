import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoPeople } from '#adapters/dynamodb/people.ts';
import { dynamoPreferences } from '#adapters/dynamodb/preferences.ts';
import { personId } from '#core/people/person.ts';
import type { Preferences } from '#core/preferences.ts';
import { ANNA, ORG } from '../support/approvals.ts';
import { annaSees, CHROMIUM, type Seen } from '../support/browser.ts';
import { productWithTeam, type Team } from '../support/team.ts';

describe.runIf(CHROMIUM)('notices on the dashboard, in a real browser', { timeout: 60_000 }, () => {
  let team: Team;
  let seen: Seen;
  let page: Page;
  let preferences: Preferences;

  beforeAll(async () => {
    team = await productWithTeam();
    preferences = dynamoPreferences(team.tableOf('Notices'));
    await dynamoPeople(team.tableOf('People')).change(ORG, personId(ORG, 'anna@acme.example'), {
      roles: ['lead'],
    });
    seen = await annaSees(team, '/notices', 'Notices');
    page = seen.page;
  }, 90_000);

  afterAll(async () => {
    await seen?.close();
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
    await seen.shot('notices');
    await room.getByRole('button', { name: 'Remove' }).click();

    await expect.poll(async () => (await preferences.rooms(ORG)).rooms).toEqual([]);
    expect(seen.complaints()).toEqual([]);
  });
});
