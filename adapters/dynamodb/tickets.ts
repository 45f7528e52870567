import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Clock, TicketPage, TicketQuery, Tickets } from '#core/ports.ts';
import type { Ticket, TicketStatus } from '#core/tickets/ticket.ts';
import { dynamo } from '../aws/clients.ts';
import { clock as machineClock } from '../clock.ts';
import { isRefused, setting } from './change.ts';
import { cursorOf, positionOf } from './cursor.ts';
import { countRefused } from './deliveries.ts';
import { newest } from './newest.ts';
import { accept, follow, handOn, keep } from './taking.ts';
import { attributes, find, pullRequestKey, toTicket } from './ticket-rows.ts';

/** Tickets and the deliveries they came by, in two tables that change in one transaction. */
export function dynamoTickets(table: string, deliveriesTable: string, clock: Clock = machineClock): Tickets {
  const tables = { table, deliveriesTable };
  return {
    accept: (ticket, delivery) => accept(tables, ticket, delivery),
    follow: (told, delivery) => follow(tables, told, { delivery, at: clock.now().toISOString() }),
    keep: (delivery, how) => keep(deliveriesTable, delivery, how),
    handOn: (org, id) => handOn(table, { org, id }, clock.now().toISOString()),
    countRefused: (org, source, reason) =>
      countRefused(deliveriesTable, { org, source, reason, now: clock.now() }),
    find: (org, id) => find(table, org, id),
    list: (org, query) => list(table, org, query),
    waits: (org) => waits(table, org),
    advance: (org, id, from, change) =>
      advance(table, { org, id }, from, { updatedAt: clock.now().toISOString(), ...change }),
    addReview: (org, id, ref) => addReview(table, { org, id }, { ref, at: clock.now().toISOString() }),
    findByPullRequest: (org, repository, number) =>
      findByPullRequest(table, pullRequestKey(org, repository, number)),
  };
}

async function list(table: string, org: string, query: TicketQuery): Promise<TicketPage> {
  const { items, last } = await newest(
    {
      TableName: table,
      IndexName: 'byCreated',
      ExclusiveStartKey: query.cursor ? startAt(org, query.cursor) : undefined,
      ...matching(org, query),
    },
    query.limit,
    (item) => isMeant(item, query),
  );
  const cursor = last && cursorOf([String(last.createdAt), String(last.id)]);
  return { tickets: items.map(toTicket), ...(cursor && { cursor }) };
}

function matching(org: string, { status, type, priority, source, from, to }: TicketQuery) {
  const wanted = { status, source, 'classification.type': type, 'classification.priority': priority };
  const asked = Object.entries(wanted).filter(([, value]) => value !== undefined);
  const names = asked.flatMap(([path]) => path.split('.'));
  return {
    KeyConditionExpression: from || to ? 'org = :org AND createdAt BETWEEN :from AND :to' : 'org = :org',
    ExpressionAttributeValues: {
      ':org': org,
      ...((from || to) && { ':from': from ?? '-', ':to': to ? before(to) : '9' }),
      ...Object.fromEntries(asked.map(([, v], at) => [`:v${at}`, v])),
    },
    ...(asked.length > 0 && {
      FilterExpression: asked
        .map(([path], at) => `${path.replaceAll(/\w+/g, (name) => `#${name}`)} = :v${at}`)
        .join(' AND '),
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    }),
  };
}

/** The last moment before: times have milliseconds. */
function before(time: string): string {
  return new Date(Date.parse(time) - 1).toISOString();
}

/** What DynamoDB cannot compare: words without regard to case. */
function isMeant(item: Record<string, unknown>, { module, text }: TicketQuery): boolean {
  const { title, body, externalId, concerns, classification } = item as Partial<Ticket>;
  const has = (words: (string | undefined)[], wanted: string) =>
    words.some((word) => word?.toLowerCase().includes(wanted.toLowerCase()));
  if (module && !has([...(concerns ?? []), classification?.repository], module)) return false;
  return !text || has([title, body, externalId], text);
}

async function waits(table: string, org: string): Promise<number[]> {
  const { items } = await newest(
    {
      TableName: table,
      IndexName: 'byCreated',
      KeyConditionExpression: 'org = :org',
      FilterExpression: 'attribute_exists(begunAt)',
      ProjectionExpression: 'createdAt, begunAt',
      ExpressionAttributeValues: { ':org': org },
    },
    20,
  );
  return items.map(({ createdAt, begunAt }) => Date.parse(String(begunAt)) - Date.parse(String(createdAt)));
}

function startAt(org: string, cursor: string): Record<string, string> {
  const [createdAt, id] = positionOf(cursor);
  return { org, createdAt, id };
}

async function advance(
  table: string,
  key: { org: string; id: string },
  from: readonly TicketStatus[],
  change: Partial<Ticket>,
): Promise<{ ticket: Ticket; changed: boolean }> {
  const { org: _org, id: _id, version: _version, ...rest } = change;
  const { set, remove, names, values } = setting(attributes(key.org, rest));
  const allowed = from.map((status, at) => [`:from${at}`, status] as const);
  try {
    const { Attributes } = await dynamo().send(
      new UpdateCommand({
        TableName: table,
        Key: key,
        UpdateExpression: `${set}, version = version + :one ${remove}`,
        ConditionExpression: `attribute_exists(id) AND #status IN (${allowed.map(([name]) => name).join(', ')})`,
        ExpressionAttributeNames: { ...names, '#status': 'status' },
        ExpressionAttributeValues: { ...values, ':one': 1, ...Object.fromEntries(allowed) },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return { ticket: toTicket(Attributes ?? {}), changed: true };
  } catch (error) {
    if (!isRefused(error)) throw error;
    const ticket = await find(table, key.org, key.id);
    if (!ticket) throw new Fault('NotFound', `There is no ticket ${key.id}`);
    return { ticket, changed: false };
  }
}

const MOST_REVIEWS = 100;

async function addReview(
  table: string,
  key: { org: string; id: string },
  { ref, at }: { ref: string; at: string },
): Promise<boolean> {
  try {
    await dynamo().send(
      new UpdateCommand({
        TableName: table,
        Key: key,
        UpdateExpression:
          'SET reviews = list_append(if_not_exists(reviews, :none), :refs), version = version + :one, updatedAt = :at',
        ConditionExpression:
          'attribute_exists(id) AND (attribute_not_exists(reviews) OR (NOT contains(reviews, :ref) AND size(reviews) < :most))',
        ExpressionAttributeValues: {
          ...{ ':none': [], ':refs': [ref], ':ref': ref },
          ...{ ':one': 1, ':at': at, ':most': MOST_REVIEWS },
        },
      }),
    );
    return true;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
}

async function findByPullRequest(table: string, key: string): Promise<Ticket | undefined> {
  const { Items = [] } = await dynamo().send(
    new QueryCommand({
      TableName: table,
      IndexName: 'byPullRequest',
      KeyConditionExpression: 'pullRequestKey = :key',
      ExpressionAttributeValues: { ':key': key },
      Limit: 1,
    }),
  );
  return Items[0] && toTicket(Items[0]);
}
