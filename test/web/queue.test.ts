import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { limitsFrom } from '#core/queue/limits.ts';
import type { Place } from '#core/queue/place.ts';
import type { Priority } from '#core/tickets/ticket.ts';
import { ORG } from '../support/approvals.ts';
import { annaSees, CHROMIUM, type Seen } from '../support/browser.ts';
import { productWithTeam, type Team } from '../support/team.ts';
import { delivery, ticket } from '../support/tickets.ts';

describe.runIf(CHROMIUM)('the queue on the dashboard, in a real browser', { timeout: 60_000 }, () => {
  let team: Team;
  let seen: Seen;
  let page: Page;
  const ids: string[] = [];

  beforeAll(async () => {
    team = await productWithTeam({ SlotsPerOrg: '2' });
    await fill();
    seen = await annaSees(team, '/queue', 'Queue');
    page = seen.page;
  }, 90_000);

  afterAll(async () => {
    await seen?.close();
    await team?.stop();
  });

  /** Two that work, three that wait, and how long one took. No execution is behind them, as if they had just been started: nothing moves by itself. */
  async function fill(): Promise<void> {
    const queue = dynamoQueue(team.tableOf('Queue'));
    const limits = limitsFrom('50', '2');
    const priorities: Priority[] = ['high', 'high', 'high', 'medium', 'low', 'low'];
    const start = Date.now() - 3_600_000;
    for (const [n, priority] of priorities.entries()) {
      const arrivedAt = new Date(start + n * 60_000).toISOString();
      const place = await arrive(queue, { n, priority, arrivedAt });
      if (n < 3) await queue.hold(place, limits, n === 0 ? arrivedAt : new Date().toISOString());
      if (n === 0) await queue.end(ORG, place.runId, new Date(start + 60_000).toISOString());
    }
  }

  async function arrive(
    queue: ReturnType<typeof dynamoQueue>,
    { n, priority, arrivedAt }: { n: number; priority: Priority; arrivedAt: string },
  ): Promise<Place> {
    const tickets = dynamoTickets(team.tableOf('Tickets'), team.tableOf('Deliveries'));
    const given = ticket({
      org: ORG,
      externalId: `ETL-${n}`,
      title: `Orders are late ${n} <b>now</b>`,
      priority,
    });
    // With one that is diagnosed nobody begins: it has a run.
    const made = await tickets.accept(
      { ...given, status: 'diagnosing', runId: `run_${n}` },
      delivery({ org: ORG, id: `d${n}`, text: `${n}` }),
    );
    ids.push(made.ticket.id);
    const arrival = { org: ORG, runId: `run_${n}`, ticketId: made.ticket.id, executionArn: EXECUTION };
    const ask = { grant: 0, token: `t${n}`, at: arrivedAt };
    return (await queue.join({ ...arrival, kind: 'start', priority, arrivedAt }, ask)) as Place;
  }

  const region = (name: string) => page.getByRole('region', { name });
  const order = async () =>
    [...((await region('Waiting').textContent()) ?? '').matchAll(/ETL-\d/g)].join(' ');

  it('shows who works, and who waits in which place and for how long', async () => {
    await expect.poll(() => region('Working').textContent(), POLL).toMatch(/ETL-1.*ETL-2/s);

    expect(await page.getByText('2 of 2 slots are taken').textContent()).toContain('takes about 60 s');
    expect(await order()).toBe('ETL-3 ETL-4 ETL-5');
    expect(await region('Waiting').textContent()).toMatch(/Waiting \(3\).*in 30 s.*in 60 s.*in 90 s/s);
    expect(await region('Waiting').textContent()).toContain('<b>now</b>');
    await seen.shot('queue');
  });

  it('lets a lead move one to the front, and cancel it', async () => {
    await page.getByLabel('Priority of ETL-5').selectOption('critical');
    await expect.poll(order, POLL).toBe('ETL-5 ETL-3 ETL-4');
    const cancelled = page.waitForResponse((answer) => answer.url().endsWith(`${ids[5]}/cancel`));
    await region('Waiting')
      .getByRole('row', { name: /ETL-5/ })
      .getByRole('button', { name: 'Cancel' })
      .click();

    expect((await cancelled).status()).toBe(200);
  });

  it('lets a lead cancel one that has no place in the queue', async () => {
    await page.goto(`${team.url}/tickets/${ids[0]}`);
    await page.getByRole('button', { name: 'Cancel the ticket' }).click();

    await page.getByText('anna cancelled it').waitFor();
  });

  it('lets a lead end one that waits for a person', async () => {
    const tickets = dynamoTickets(team.tableOf('Tickets'), team.tableOf('Deliveries'));
    const id = ids[3] ?? '';
    await tickets.advance(ORG, id, ['diagnosing'], { status: 'escalated', reason: 'Nobody knows' });
    await page.goto(`${team.url}/tickets/${id}`);
    await page.getByRole('button', { name: 'Cancel the ticket' }).click();

    await page.getByText('anna cancelled it. It was escalated before: Nobody knows').waitFor();
  });

  it('lets a lead try a ticket again that came to nothing', async () => {
    await page.goto(`${team.url}/tickets/${ids[5]}`);
    await page.getByText('anna cancelled it').waitFor();
    const asked = page.waitForResponse((answer) => answer.url().endsWith(`${ids[5]}/retry`));
    await page.getByRole('button', { name: 'Try again' }).click();

    expect((await asked).status()).toBe(200);
    expect(seen.complaints()).toEqual([]);
  });

  it('fits a phone', async () => {
    await page.goto(`${team.url}/queue`);
    await page.setViewportSize({ width: 375, height: 700 });
    await page.getByRole('heading', { name: 'Queue' }).waitFor();
    const isWider = () => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);

    expect(await isWider()).toBe(false);
    await seen.shot('queue-phone');
  });
});

/** A machine under load takes its time. */
const POLL = { timeout: 20_000 };
const EXECUTION = 'arn:aws:states:us-east-1:000000000000:execution:Ticket:none';
