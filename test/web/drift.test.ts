import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoChecks } from '#adapters/dynamodb/checks.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { CheckRecord, keyOf } from '#core/taps/check.ts';
import { shapeOf } from '#core/taps/shape.ts';
import { recordCheck } from '#functions/task/record-check.ts';
import { ORG } from '../support/approvals.ts';
import { annaSees, CHROMIUM, type Seen } from '../support/browser.ts';
import { productWithTeam, type Team } from '../support/team.ts';
import { PROJECT } from '../support/tickets.ts';

describe.runIf(CHROMIUM)('drift on the dashboard, in a real browser', { timeout: 60_000 }, () => {
  let team: Team;
  let seen: Seen;
  let page: Page;

  beforeAll(async () => {
    team = await productWithTeam();
    const [tap, ...others] = PROJECT.repositories;
    const read = { ...tap, consumers: [{ name: 'billing', reads: { orders: ['total'] } }] };
    await dynamoProjects(team.tableOf('Projects')).put({
      ...{ ...PROJECT, org: ORG },
      repositories: [read as typeof tap & object, ...others],
    });
    const checks = dynamoChecks(team.tableOf('Checks'));
    for (const [week, came] of WEEKS.entries()) await checks.put(recordOf(week, came));
    seen = await annaSees(team, '/drift', 'Drift');
    page = seen.page;
  }, 90_000);

  afterAll(async () => {
    await seen?.close();
    await team?.stop();
  });

  const region = (name: string) => page.getByRole('region', { name });

  it('lists every tap with what its last check came to', async () => {
    await expect.poll(() => region('Taps').textContent()).toMatch(/acme\/tap-orders.*1 breaking, 1 warning/s);
    await seen.shot('drift-list');
  });

  it("tells a tap's history as a picture and as a table, and what differs", async () => {
    await page.getByRole('link', { name: 'acme/tap-orders' }).click();
    const picture = page.getByRole('img', {
      name: /5 checks: 1 breaking, 1 warning, 0 information, 2 same, 1 inconclusive/,
    });
    await picture.waitFor();

    expect(await page.getByRole('table').getByRole('row').count()).toBe(6);
    expect(await region('History').textContent()).toMatch(
      /7 days ago.*20\d\d.*closed without a merge.*no network/s,
    );
    expect(await region('Readers').textContent()).toMatch(/billing.*orders: total/s);
    const differs = await region('What differs').textContent();
    expect(differs).toContain('orders.<img src=x>');
    expect(differs).toMatch(/integer → string.*type changed; api drift; read by billing/s);
    await seen.shot('drift-tap');
  });

  it('lets a lead accept what is shown, once, and says who did', async () => {
    const ticketId = await drifted(team);
    await region('What differs').getByText('string → integer').waitFor();
    await page.getByLabel('Why').fill('the ledger wants integers');
    await seen.shot('drift-accept');
    await page.getByRole('button', { name: 'Accept as the baseline' }).click();

    await region('History')
      .getByText(/by anna .*: the ledger wants integers/)
      .waitFor();
    expect(await page.getByRole('button', { name: 'Accept as the baseline' }).count()).toBe(0);
    expect(await region('What differs').textContent()).toContain('What differed from the baseline');
    const tickets = dynamoTickets(team.tableOf('Tickets'), team.tableOf('Deliveries'));
    // Cancelled if it was still worked on, closed if it was with a person by then.
    expect(await tickets.find(ORG, ticketId)).toMatchObject({
      status: expect.stringMatching(/^(cancelled|closed)$/),
      reason: expect.stringContaining('anna accepted the drift'),
    });
    await seen.shot('drift-accepted');
  });

  it('fits a phone', async () => {
    await page.setViewportSize({ width: 375, height: 700 });
    const isWider = () => page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);

    expect(await isWider()).toBe(false);
    await seen.shot('drift-phone');
    await page.getByRole('link', { name: 'All taps' }).click();
    await page.getByRole('heading', { name: 'Drift' }).waitFor();
    expect(await isWider()).toBe(false);
  });

  it('has a tap looked at when a lead says so', async () => {
    const asked = page.waitForResponse((answer) => answer.url().endsWith('/api/drift/checks'));
    await page.getByRole('button', { name: 'Check all now' }).click();

    expect((await asked).status()).toBe(202);
    // Before signing in the page asks who it is, and is told nobody.
    expect(seen.complaints()).toEqual([]);
  });
});

/** Two checks as a tap's container and the machine make them; answers the ticket of what they differ in. */
async function drifted({ tableOf }: Team): Promise<string> {
  const artifacts = s3Artifacts(tableOf('Artifacts'));
  const record = recordCheck({
    artifacts,
    tickets: dynamoTickets(tableOf('Tickets'), tableOf('Deliveries')),
    projects: dynamoProjects(tableOf('Projects')),
    checks: dynamoChecks(tableOf('Checks')),
    clock: { now: () => new Date() },
  });
  const tap = { org: ORG, projectId: PROJECT.id, repository: 'acme/tap-orders' };
  const commit = 'c'.repeat(40);
  let ticketId = '';
  for (const type of ['string', 'integer']) {
    const schema = { properties: { total: { type } } };
    const seen = { commit, shape: shapeOf({ streams: [{ tap_stream_id: 'orders', schema }] }) };
    await artifacts.put(keyOf.discovered(tap, commit), JSON.stringify(seen), 'application/json');
    const [began, looked] = [new Date().toISOString(), { state: 'discovered' as const, commit }];
    ticketId = (await record({ ...tap, check: type, began, isSecond: false, looked })).ticketId ?? '';
  }
  return ticketId;
}

const NONE = { breaking: 0, warning: 0, information: 0 };

const WEEKS: Partial<CheckRecord>[] = [
  { state: 'first' },
  { state: 'inconclusive', reason: 'Unavailable: no network' },
  { state: 'same' },
  { state: 'drift', counts: { ...NONE, warning: 1 } },
  {
    state: 'drift',
    counts: { ...NONE, breaking: 1, warning: 1 },
    ...{ ticketId: 'tk_1', closed: ['tk_1'] },
    discovery: { kind: 'static', reason: 'nothing that makes the catalog talks to the API', at: 'tap.py:3' },
    baseline: 'a'.repeat(40),
    changes: [
      {
        ...{ id: 'c1', rule: 'TYPE_CHANGED', severity: 'breaking', cause: 'api', stream: 'orders' },
        ...{ path: '<img src=x>', was: 'integer', is: 'string', readers: ['billing'] },
      },
    ],
  },
];

function recordOf(week: number, came: Partial<CheckRecord>): CheckRecord {
  const at = new Date(Date.now() - (WEEKS.length - week) * 7 * 86_400_000).toISOString();
  return CheckRecord.parse({
    ...{ org: ORG, projectId: PROJECT.id, repository: 'acme/tap-orders', check: `w${week}`, began: at, at },
    ...{ severities: 1, counts: NONE, changes: [], commit: 'b'.repeat(40), ...came },
  });
}
