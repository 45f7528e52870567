import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Clock, Delivery, TicketPage, TicketQuery, Tickets } from '#core/ports.ts';
import { Ticket, type TicketStatus } from '#core/tickets/ticket.ts';
import { dynamo } from '../aws/clients.ts';
import { clock as machineClock } from '../clock.ts';
import { isRefused, setting } from './change.ts';
import { cursorOf, positionOf } from './cursor.ts';
import { countRefused, keeping } from './deliveries.ts';
import { newest } from './newest.ts';
import { writeTogether } from './transaction.ts';

/** Tickets and the deliveries they came by, in two tables that change in one transaction. */
export function dynamoTickets(table: string, deliveriesTable: string, clock: Clock = machineClock): Tickets {
  return {
    accept: (ticket, delivery) => accept({ table, deliveriesTable }, ticket, delivery),
    countRefused: (org, source, reason) =>
      countRefused(deliveriesTable, { org, source, reason, now: clock.now() }),
    find: (org, id) => find(table, org, id),
    list: (org, query) => list(table, org, query),
    advance: (org, id, from, change) =>
      advance(table, { org, id }, from, { updatedAt: clock.now().toISOString(), ...change }),
    findByPullRequest: (org, repository, number) =>
      findByPullRequest(table, pullRequestKey(org, repository, number)),
  };
}

async function accept(
  { table, deliveriesTable }: { table: string; deliveriesTable: string },
  ticket: Ticket,
  delivery: Delivery,
): Promise<{ ticket: Ticket; created: boolean }> {
  const once = {
    ConditionExpression: 'attribute_not_exists(id)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
  const refused = await writeTogether([
    ...keeping(deliveriesTable, delivery, ticket.id),
    { Put: { TableName: table, Item: toItem(ticket), ...once } },
  ]);
  if (!refused) return { ticket, created: true };

  const [byId, byBody] = refused;
  if (byId && byId.item.bodyHash !== delivery.bodyHash)
    throw new Fault('Conflict', 'This delivery id was already used for another body');
  const known = byId?.item.ticketId ?? byBody?.item.ticketId ?? ticket.id;
  const found = await find(table, ticket.org, known);
  if (!found) throw new Fault('Unavailable', 'The ticket of this delivery cannot be read; send it again');
  return { ticket: found, created: false };
}

async function find(table: string, org: string, id: string): Promise<Ticket | undefined> {
  const { Item } = await dynamo().send(
    new GetCommand({ TableName: table, Key: { org, id }, ConsistentRead: true }),
  );
  return Item && toTicket(Item);
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
  );
  const cursor = last && cursorOf([String(last.createdAt), String(last.id)]);
  return { tickets: items.map(toTicket), ...(cursor && { cursor }) };
}

function matching(org: string, { status, type, priority, source }: TicketQuery) {
  const wanted = { status, source, 'classification.type': type, 'classification.priority': priority };
  const asked = Object.entries(wanted).filter(([, value]) => value !== undefined);
  const names = asked.flatMap(([path]) => path.split('.'));
  return {
    KeyConditionExpression: 'org = :org',
    ExpressionAttributeValues: {
      ':org': org,
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

function toItem(ticket: Ticket): Record<string, unknown> {
  return attributes(ticket.org, ticket);
}

/** Metadata is text in the table: it may hold numbers and names that DynamoDB refuses. */
function attributes(org: string, { metadata, ...rest }: Partial<Ticket>): Record<string, unknown> {
  const { pullRequest } = rest;
  return {
    ...rest,
    ...(metadata && { metadata: JSON.stringify(metadata) }),
    ...(pullRequest && { pullRequestKey: pullRequestKey(org, pullRequest.repository, pullRequest.number) }),
  };
}

function toTicket(item: Record<string, unknown>): Ticket {
  const { metadata } = item;
  return Ticket.parse({ ...item, ...(typeof metadata === 'string' && { metadata: JSON.parse(metadata) }) });
}

function pullRequestKey(org: string, repository: string, number: number): string {
  return `${org}#${repository.toLowerCase()}#${number}`;
}
