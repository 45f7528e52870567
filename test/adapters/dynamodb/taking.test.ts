import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dynamoDeliveries } from '#adapters/dynamodb/deliveries.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { ticketOf } from '#core/tickets/accept.ts';
import { take } from '#core/tickets/take.ts';
import type { Told } from '#core/tickets/told.ts';
import { type LocalAws, localAws } from '../../support/aws.ts';
import { AT, delivery, draft, ticket } from '../../support/tickets.ts';

let aws: LocalAws;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.stop());

const tickets = dynamoTickets('Tickets', 'Deliveries', { now: () => new Date(AT) });
const deliveries = dynamoDeliveries('Deliveries');
const now = new Date(AT);
let org = '';
let count = 0;
beforeEach(() => {
  count += 1;
  org = `take-${count}`;
});

const minute = (at: number) => `2026-11-20T10:${String(at).padStart(2, '0')}:00.000Z`;

/** A delivery of its own for everything that is told. */
function sent(name: string) {
  return delivery({ org, id: name, text: name });
}

function told(at: number, change: Partial<Told> = {}): Told {
  return { org, source: 'jira', externalId: 'ETL-142', at: minute(at), by: 'mara', ...change };
}

const edit = (at: number, title: string) => told(at, { as: draft({ org, title }) });
const request = { kind: 'request' as const };
const opened = () => take(sent('opened'), { ...request, draft: draft({ org }) }, { tickets, now });
const hear = (name: string, one: Told) => take(sent(name), { kind: 'told', told: one }, { tickets, now });
const id = () => ticket({ org }).id;

async function outcomes(): Promise<Record<string, string>> {
  const { deliveries: all } = await deliveries.list(org, { limit: 100 });
  return Object.fromEntries(all.map((one) => [one.id, one.outcome]));
}

describe('in whatever order', () => {
  it('makes one ticket that knows the newest', async () => {
    await hear('edit 3', edit(3, 'three'));
    await hear('edit 2', edit(2, 'two'));
    await opened();
    await hear('edit 1', edit(1, 'one'));
    await hear('close', told(4, { state: 'closed' }));

    expect(await tickets.find(org, id())).toMatchObject({ title: 'three', status: 'cancelled' });
    expect(await outcomes()).toEqual({
      'edit 3': 'early',
      'edit 2': 'early',
      opened: 'ticket',
      'edit 1': 'stale',
      close: 'update',
    });
  });

  it('loses nothing when everything comes at once, and twice', async () => {
    const edits = Array.from({ length: 12 }, (_, at) => () => hear(`edit ${at}`, edit(at + 1, `at ${at}`)));
    const comments = Array.from({ length: 6 }, (_, at) => {
      const comment = { id: `c${at}`, at: minute(at), by: 'mara', text: `${at}`, isGone: false };
      return () => hear(`comment ${at}`, told(at, { comment }));
    });
    const all = [...edits, ...comments, opened].flatMap((one) => [one, one]);
    await Promise.all(all.map((one, at) => (at % 3 ? one() : new Promise(setImmediate).then(one))));

    const found = await tickets.find(org, id());
    expect(found?.title).toBe('at 11');
    expect(found?.comments?.map(({ text }) => text)).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(Object.keys(await outcomes())).toHaveLength(19);
  });
});

describe('the same thing by another way', () => {
  const url = 'https://github.com/acme/tap/issues/7';
  const other = () => draft({ org, source: 'rest', externalId: 'mail-7', url: `${url}/#issuecomment-1` });

  it('is one ticket by its URL, and news of either moves it', async () => {
    const { ticket: first } = await take(
      delivery({ org, source: 'rest', id: 'rest', text: 'rest' }),
      { ...request, draft: other() },
      { tickets, now },
    );
    const from = draft({ org, source: 'github', externalId: 'acme/tap#7', url });
    const github = delivery({ org, source: 'github', id: 'hook', text: 'hook' });
    const { ticket: second, outcome } = await take(github, { ...request, draft: from }, { tickets, now });
    const as = draft({ ...from, title: 'Better said' });
    const news: Told = { ...told(5), source: 'github', externalId: 'acme/tap#7', as };
    await take(
      delivery({ org, source: 'github', id: 'edit', text: 'edit' }),
      { kind: 'told', told: news },
      { tickets, now },
    );

    expect(second?.id).toBe(first?.id);
    expect(outcome).toBe('known');
    expect(await tickets.find(org, first?.id ?? '')).toMatchObject({ source: 'rest', title: 'Better said' });
    expect((await tickets.list(org, { limit: 10 })).tickets).toHaveLength(1);

    const closed: Told = { ...told(6), source: 'github', externalId: 'acme/tap#7', state: 'closed' };

    expect(await hear('closed without its URL', closed)).toMatchObject({ outcome: 'update' });
    expect(await tickets.find(org, first?.id ?? '')).toMatchObject({ status: 'cancelled' });
  });

  it('is one ticket of two deliveries that come at once', async () => {
    const made = await Promise.all(
      (['rest', 'github', 'slack'] as const).map((source) =>
        tickets.accept(
          ticketOf(draft({ org, source, externalId: source, url }), { receivedAt: AT }),
          delivery({ org, source, id: source, text: source }),
        ),
      ),
    );

    expect(new Set(made.map((one) => one.ticket.id)).size).toBe(1);
    expect((await tickets.list(org, { limit: 10 })).tickets).toHaveLength(1);
  });
});

it('hands a ticket on again that nobody has begun with when its sender tries again', async () => {
  const { ticket: made } = await opened();
  const late = new Date(now.getTime() + 200_000);
  await opened();
  expect((await tickets.find(org, made?.id ?? ''))?.handedOnAt).toBeUndefined();
  await take(sent('opened'), { ...request, draft: draft({ org }) }, { tickets, now: late });

  expect((await tickets.find(org, made?.id ?? ''))?.handedOnAt).toBeDefined();
  await tickets.advance(org, made?.id ?? '', ['received'], { status: 'triaging' });
  await tickets.handOn(org, made?.id ?? '');
  expect((await tickets.find(org, made?.id ?? ''))?.status).toBe('triaging');
});

it('takes what was malformed or ignored once it can be read, and nothing twice', async () => {
  await tickets.keep(sent('opened'), { outcome: 'malformed', why: 'no title' });
  expect(await outcomes()).toEqual({ opened: 'malformed' });
  expect((await opened()).outcome).toBe('ticket');
  await tickets.keep(sent('opened'), { outcome: 'malformed' });

  expect((await opened()).outcome).toBe('known');
  expect(await outcomes()).toEqual({ opened: 'ticket' });
});

it('writes nothing of a delivery whose ticket cannot be written', async () => {
  const broken = dynamoTickets('NoSuchTable', 'Deliveries');
  const meaning = { kind: 'told' as const, told: edit(1, 'one') };
  await expect(take(sent('edit'), meaning, { tickets: broken, now })).rejects.toThrow();
  const { Items = [] } = await new DynamoDBClient().send(new ScanCommand({ TableName: 'Deliveries' }));

  expect(Items.filter((item) => item.pk?.S?.startsWith(org))).toEqual([]);
});

it('lists deliveries newest first, page by page, each organization its own', async () => {
  for (let at = 0; at < 7; at += 1) {
    const one = {
      ...sent(`d${at}`),
      source: at % 2 ? ('github' as const) : ('jira' as const),
      receivedAt: minute(at),
    };
    await tickets.keep(one, { outcome: at % 3 ? 'ignored' : 'malformed', why: 'because' });
  }
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await deliveries.list(org, { limit: 3, ...(cursor && { cursor }) });
    seen.push(...page.deliveries.map((one) => one.id));
    cursor = page.cursor;
  } while (cursor);

  expect(seen).toEqual(['d6', 'd5', 'd4', 'd3', 'd2', 'd1', 'd0']);
  const { deliveries: some } = await deliveries.list(org, {
    limit: 9,
    source: 'github',
    outcome: 'malformed',
  });
  expect(some.map((one) => one.id)).toEqual(['d3']);
  expect((await deliveries.list(`${org}x`, { limit: 9 })).deliveries).toEqual([]);
});
