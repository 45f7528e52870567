import { randomBytes } from 'node:crypto';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoDeliveries } from '#adapters/dynamodb/deliveries.ts';
import { dynamoProjects } from '#adapters/dynamodb/projects.ts';
import { dynamoRuns } from '#adapters/dynamodb/runs.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { s3Artifacts } from '#adapters/s3/artifacts.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { AT, delivery, PROJECT, run, ticket } from '../../support/tickets.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const tickets = dynamoTickets('Tickets', 'Deliveries');
const runs = dynamoRuns('Runs');
let org = '';
let count = 0;
beforeEach(() => {
  count += 1;
  org = `org-${count}`;
});

async function rowsOf(table: string): Promise<Record<string, { S?: string }>[]> {
  const { Items = [] } = await new DynamoDBClient().send(new ScanCommand({ TableName: table }));
  return Items.filter((item) => JSON.stringify(item).includes(`"${org}`)) as never;
}

describe('accepting', () => {
  it('makes one ticket of a delivery that comes 50 times at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 50 }, () => tickets.accept(ticket({ org }), delivery({ org }))),
    );

    expect(all.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(all.map(({ ticket: { id } }) => id)).size).toBe(1);
    expect(await rowsOf('Tickets')).toHaveLength(1);
    expect(await rowsOf('Deliveries')).toHaveLength(2);
  });

  it.each([
    ['its id', { id: 'delivery-1' }, { externalId: 'other' }],
    ['its body under a new id', { id: 'delivery-2' }, { externalId: 'other' }],
    ['its external id in another body', { id: 'delivery-2', text: '{"again":1}' }, {}],
  ])('knows a ticket again by %s, and changes nothing', async (_, again, change) => {
    const { ticket: first } = await tickets.accept(ticket({ org }), delivery({ org }));
    const before = await rowsOf('Deliveries');

    expect(
      await tickets.accept(ticket({ org, title: 'New', ...change }), delivery({ org, ...again })),
    ).toMatchObject({ ticket: first, created: false });
    expect(await rowsOf('Deliveries')).toEqual(before);
  });

  it('refuses a delivery id that comes with another body', async () => {
    await tickets.accept(ticket({ org }), delivery({ org }));

    await expect(
      tickets.accept(ticket({ org, externalId: 'x' }), delivery({ org, text: 'other' })),
    ).rejects.toMatchObject({ code: 'Conflict' });
  });

  it('writes neither delivery nor ticket when one of them cannot be', async () => {
    const broken = dynamoTickets('NoSuchTable', 'Deliveries');

    await expect(broken.accept(ticket({ org }), delivery({ org }))).rejects.toThrow();
    expect(await rowsOf('Deliveries')).toEqual([]);
    expect((await tickets.accept(ticket({ org }), delivery({ org }))).created).toBe(true);
  });

  it('keeps the raw bytes, and refuses what it cannot keep', async () => {
    const raw = Buffer.from([0, 255, 10, 13]);
    const sent = delivery({ org, body: raw.toString('base64'), headers: { 'x-github-event': 'issues' } });
    await tickets.accept(ticket({ org }), sent);
    const noise = randomBytes(500_000);

    expect((await dynamoDeliveries('Deliveries').find(org, 'jira', sent.id))?.delivery).toEqual(sent);
    await expect(
      tickets.accept(
        ticket({ org, externalId: 'big' }),
        delivery({ org, id: 'big', bodyHash: 'b', body: noise.toString('base64') }),
      ),
    ).rejects.toMatchObject({ code: 'TooLarge' });
  });

  it('keeps metadata that DynamoDB would refuse', async () => {
    const metadata = { huge: 1e300, tiny: 5e-324, '': '', deep: [{ a: null }] };
    const { ticket: made } = await tickets.accept(ticket({ org, metadata }), delivery({ org }));

    expect(await tickets.find(org, made.id)).toEqual(made);
  });

  it('counts what is refused, and nothing else', async () => {
    for (const reason of ['signature', 'signature', 'malformed'])
      await tickets.countRefused(org, 'jira', reason);

    const counted = (await rowsOf('Deliveries')).map(({ sk, times }) => [
      sk?.S?.split('#')[2],
      (times as { N?: string })?.N,
    ]);
    expect(counted.sort()).toEqual([
      ['malformed', '1'],
      ['signature', '2'],
    ]);
  });
});

describe('listing', () => {
  const second = (at: number) => new Date(Date.parse(AT) + at * 1000).toISOString();
  async function fill(from: number, to: number, change = {}) {
    for (let at = from; at < to; at += 1) {
      const one = ticket({ org, externalId: `T-${at}`, createdAt: second(at), ...change });
      await tickets.accept(one, delivery({ org, id: `d-${at}`, text: `${at}` }));
    }
  }

  it('pages newest first, without gaps or repeats while new ones arrive', async () => {
    await fill(0, 25);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await tickets.list(org, { limit: 10, ...(cursor && { cursor }) });
      seen.push(...page.tickets.map(({ externalId }) => externalId));
      await fill(25 + seen.length, 27 + seen.length);
      cursor = page.cursor;
    } while (cursor);

    expect(seen).toEqual(Array.from({ length: 25 }, (_, at) => `T-${24 - at}`));
  });

  it('filters', async () => {
    await fill(0, 5);
    await fill(5, 8, { status: 'escalated' });

    expect(
      (await tickets.list(org, { limit: 2, status: 'escalated' })).tickets.map(
        ({ externalId }) => externalId,
      ),
    ).toEqual(['T-7', 'T-6']);
    expect((await tickets.list(org, { limit: 50, source: 'jira' })).tickets).toHaveLength(8);
    expect((await tickets.list(org, { limit: 50, type: 'bug' })).tickets).toEqual([]);
  });

  it('never leaves the organization, whatever the cursor says', async () => {
    await fill(0, 3);
    const other = `${org}-other`;
    const { cursor = '' } = await tickets.list(org, { limit: 1 });

    expect(
      await tickets.find(other, (await tickets.list(org, { limit: 1 })).tickets[0]?.id ?? ''),
    ).toBeUndefined();
    expect((await tickets.list(other, { limit: 10, cursor })).tickets).toEqual([]);
    await expect(tickets.list(org, { limit: 1, cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'Invalid',
    });
  });
});

describe('advancing', () => {
  it('lets one of many at once win', async () => {
    const { ticket: made } = await tickets.accept(ticket({ org }), delivery({ org }));
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        tickets.advance(org, made.id, ['received'], { status: 'triaging', reason: `${at}` }),
      ),
    );

    expect(all.filter(({ changed }) => changed)).toHaveLength(1);
    expect((await tickets.find(org, made.id))?.version).toBe(1);
    await expect(tickets.advance(org, 'tk_none', ['received'], { reason: '' })).rejects.toMatchObject({
      code: 'NotFound',
    });
  });

  it('finds a ticket by its pull request, in its organization, without regard to case', async () => {
    const { ticket: made } = await tickets.accept(ticket({ org }), delivery({ org }));
    const pullRequest = { url: 'http://f/1', number: 7, repository: 'Acme/Tap', branch: 'b', headSha: 's' };
    await tickets.advance(org, made.id, ['received'], { status: 'in_review', pullRequest });

    expect((await tickets.findByPullRequest(org, 'acme/tap', 7))?.id).toBe(made.id);
    expect(await tickets.findByPullRequest(`${org}x`, 'acme/tap', 7)).toBeUndefined();
    expect(await tickets.findByPullRequest(org, 'acme/tap', 8)).toBeUndefined();
  });
});

describe('runs', () => {
  it('opens once, and lets no update touch the money', async () => {
    await runs.open(run({ org }));
    await runs.update(org, 'run_1_1', { percent: 40, spentNanoUsd: 9 });

    expect(await runs.open(run({ org, doing: 'again' }))).toMatchObject({
      spentNanoUsd: 0,
      percent: 40,
      doing: 'platform: starting',
    });
    await expect(runs.update(org, 'run_none', { percent: 1 })).rejects.toMatchObject({ code: 'NotFound' });
  });

  it('answers lines in order, after a line, each once', async () => {
    const say = (id: string, text: string) =>
      runs.say(org, 'run_1_1', { id, at: AT, stage: 'triage', who: 'lead', level: 'info', text });
    for (const id of ['b', 'a', 'c', 'a']) await say(id, `line ${id}`);

    expect((await runs.lines(org, 'run_1_1')).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect((await runs.lines(org, 'run_1_1', 'a')).map(({ id }) => id)).toEqual(['b', 'c']);
    expect(await runs.lines(org, 'run_1_1', 'c')).toEqual([]);
  });
});

it('keeps projects apart by organization', async () => {
  const projects = dynamoProjects('Projects');
  await projects.put({ ...PROJECT, org });

  expect(await projects.find(org, 'etl')).toMatchObject({ name: 'ETL' });
  expect(await projects.list(org)).toHaveLength(1);
  expect(await projects.list(`${org}x`)).toEqual([]);
});

it('keeps artifacts', async () => {
  const artifacts = s3Artifacts('artifacts');
  await artifacts.put(`${org}/2`, new Uint8Array([0, 255]), 'application/octet-stream');
  await artifacts.put(`${org}/1`, 'text ü', 'text/plain');

  expect(await artifacts.keys(`${org}/`)).toEqual([`${org}/1`, `${org}/2`]);
  expect(await artifacts.text(`${org}/1`)).toBe('text ü');
  expect([...(await artifacts.bytes(`${org}/2`))]).toEqual([0, 255]);
  await expect(artifacts.text('none')).rejects.toMatchObject({ code: 'NotFound' });
});
