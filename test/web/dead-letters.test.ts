import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDeadLetters } from '#adapters/dynamodb/dead-letters.ts';
import { deadLetterOf } from '#core/dead-letters.ts';
import { ORG } from '../support/approvals.ts';
import { annaSees, CHROMIUM, type Seen } from '../support/browser.ts';
import { productWithTeam, type Team } from '../support/team.ts';

describe.runIf(CHROMIUM)('dead letters on the dashboard, in a real browser', { timeout: 60_000 }, () => {
  let team: Team;
  let seen: Seen;
  let page: Page;

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
    seen = await annaSees(team, '/dead-letters', 'Dead letters');
    page = seen.page;
  }, 90_000);

  afterAll(async () => {
    await seen?.close();
    await team?.stop();
  });

  const rows = () => page.getByRole('region', { name: 'Dead letters' }).getByRole('listitem');
  it('says of each what failed and why, and shows its message', async () => {
    await expect.poll(() => rows().count()).toBe(2);
    await rows().filter({ hasText: '503 <b>' }).getByRole('button', { name: 'Show' }).click();
    await page.getByText('tk_none_1').waitFor();
    await seen.shot('dead-letters');

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
    expect(seen.complaints()).toEqual([]);
  });
});
