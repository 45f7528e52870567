import { createHash } from 'node:crypto';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Accepted, Delivery, DeliveryOutcome } from '#core/ports.ts';
import { ticketId } from '#core/tickets/accept.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import { caughtUp, changeBy, type Told } from '#core/tickets/told.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused, setting } from './change.ts';
import { type How, keeping, raw } from './deliveries.ts';
import { type Early, earlyOf, unchanged, waiting } from './early.ts';
import { attributes, find, toItem } from './ticket-rows.ts';
import { type Refusal, type Writes, writeTogether } from './transaction.ts';

/** Where tickets are, and the deliveries they came by. */
export interface Tables {
  table: string;
  deliveriesTable: string;
}

type Refusals = readonly (Refusal | undefined)[];

/** How often somebody else may be faster before the sender is told to come back. */
const TRIES = 10;

/** The delivery, its marks, its ticket and, where it has one, its URL: all or nothing. */
export async function accept(tables: Tables, ticket: Ticket, delivery: Delivery): Promise<Accepted> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    // Hardly ever was something told early: it is looked for only once the transaction has found some.
    const early = attempt === 0 ? undefined : await earlyOf(tables.deliveriesTable, ticket);
    const whole = caughtUp(ticket, early?.told ?? []);
    const refused = await writeTogether(accepting(tables, whole, { delivery, early }));
    if (!refused) return { ticket: whole, created: true };
    const isSeen = seenBy(refused, delivery) !== undefined;
    const known = knownBy(refused, ticket, delivery);
    if (!known) continue;
    // A delivery that comes again says nothing new, whatever it is called now.
    if (!isSeen) await alsoCalled(tables, ticket, known);
    return { ticket: await there(tables, ticket.org, known), created: false, isSeen };
  }
  throw busy();
}

function accepting(
  { table, deliveriesTable }: Tables,
  ticket: Ticket,
  { delivery, early }: { delivery: Delivery; early: Early | undefined },
): Writes {
  const once = {
    ConditionExpression: 'attribute_not_exists(id)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
  return [
    ...keeping(deliveriesTable, delivery, { outcome: 'ticket', ticketId: ticket.id }),
    { Put: { TableName: table, Item: toItem(ticket), ...once } },
    { ConditionCheck: unchanged(deliveriesTable, ticket, early) },
    ...(ticket.url ? [{ Put: urlMark(deliveriesTable, ticket, ticket.url) }] : []),
  ];
}

interface Followed {
  ticket?: Ticket;
  outcome: DeliveryOutcome;
}

/** The delivery, its marks, and what it changes on its ticket or is remembered for it: all or nothing. */
export async function follow(
  tables: Tables,
  told: Told,
  { delivery, at }: { delivery: Delivery; at: string },
): Promise<Followed> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const ticket = await ticketFor(tables, told);
    const { writes, ...done } = ticket
      ? moving(tables, ticket, { change: changeBy(ticket, told), at })
      : { outcome: 'early' as const, writes: await waiting(tables, told, at) };
    const how = { outcome: done.outcome, ticketId: ticket?.id ?? ticketId(told) };
    const refused = await writeTogether([...keeping(tables.deliveriesTable, delivery, how), ...writes]);
    if (!refused) return done;
    if (seenBy(refused, delivery)) return { outcome: 'known', ...(ticket && { ticket }) };
  }
  throw busy();
}

function moving(
  { table }: Tables,
  ticket: Ticket,
  { change, at }: { change: Partial<Ticket> | undefined; at: string },
): Followed & { writes: Writes } {
  if (!change) return { outcome: 'stale', ticket, writes: [] };
  const changed = { ...change, updatedAt: at };
  return {
    outcome: 'update',
    ticket: { ...ticket, ...changed },
    writes: [{ Update: changing(table, ticket, changed) }],
  };
}

/** One that changes nothing; what was kept of the same id stays. */
export async function keep(table: string, delivery: Delivery, how: How): Promise<void> {
  try {
    await dynamo().send(new PutCommand(raw(table, delivery, how)));
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
}

/** Touches a ticket that nobody has begun with, so that the table's stream tells of it once more. */
export async function handOn(table: string, Key: { org: string; id: string }, at: string): Promise<void> {
  try {
    await dynamo().send(
      new UpdateCommand({
        TableName: table,
        Key,
        UpdateExpression: 'SET handedOnAt = :at, updatedAt = :at, version = version + :one',
        ConditionExpression: '#status = :received',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':at': at, ':received': 'received', ':one': 1 },
      }),
    );
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
}

/** The ticket that this delivery has made or changed before, if it has. */
function seenBy([byId, byBody]: Refusals, { bodyHash }: Delivery): string | undefined {
  if (byId && byId.item.bodyHash !== bodyHash)
    throw new Fault(
      'Conflict',
      'This delivery id, or Idempotency-Key, was used for another body already; take a new one',
    );
  return byId?.item.ticketId ?? byBody?.item.ticketId;
}

/** The ticket that stands in the way: of this delivery, by this name, or at this URL. */
function knownBy(refused: Refusals, ticket: Ticket, delivery: Delivery): string | undefined {
  const [, , byTicket, , byUrl] = refused;
  return seenBy(refused, delivery) ?? (byTicket ? ticket.id : byUrl?.item.ticketId);
}

async function there({ table }: Tables, org: string, id: string): Promise<Ticket> {
  const ticket = await find(table, org, id);
  if (!ticket) throw new Fault('Unavailable', 'The ticket of this delivery cannot be read; send it again');
  return ticket;
}

/** What another source calls a ticket is kept: it does not name the URL each time. */
async function alsoCalled({ deliveriesTable }: Tables, { org, id }: Ticket, known: string): Promise<void> {
  if (known === id) return;
  const Item = { ...aliasKey(org, id), ticketId: known };
  await dynamo().send(new PutCommand({ TableName: deliveriesTable, Item }));
}

function busy(): Fault {
  return new Fault('Unavailable', 'Too much happens to this ticket at once; send it again');
}

/** By its external id, or when it came by another way, as it was called there before or by its URL. */
async function ticketFor({ table, deliveriesTable }: Tables, told: Told): Promise<Ticket | undefined> {
  const id = ticketId(told);
  const found = await find(table, told.org, id);
  if (found) return found;
  for (const Key of [aliasKey(told.org, id), ...(told.as?.url ? [urlKey(told.org, told.as.url)] : [])]) {
    const { Item } = await dynamo().send(
      new GetCommand({ TableName: deliveriesTable, Key, ConsistentRead: true }),
    );
    if (Item) return find(table, told.org, String(Item.ticketId));
  }
  return undefined;
}

function aliasKey(org: string, id: string) {
  return { pk: `${org}#alias`, sk: id };
}

function changing(table: string, { org, id, version }: Ticket, change: Partial<Ticket>) {
  const { set, remove, names, values } = setting(attributes(org, change));
  return {
    TableName: table,
    Key: { org, id },
    UpdateExpression: `${set}, version = version + :one ${remove}`,
    ConditionExpression: 'version = :version',
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: { ...values, ':one': 1, ':version': version },
  };
}

function urlMark(table: string, { org, id }: Ticket, url: string) {
  return {
    TableName: table,
    Item: { ...urlKey(org, url), ticketId: id },
    ConditionExpression: 'attribute_not_exists(pk) OR ticketId = :id',
    ExpressionAttributeValues: { ':id': id },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  };
}

/** However it is written: an anchor or a slash at the end is the same page. */
function urlKey(org: string, url: string) {
  const { origin, pathname, search } = new URL(url);
  const page = `${origin}${pathname.replace(/\/+$/, '')}${search}`;
  return { pk: `${org}#url`, sk: createHash('sha256').update(page).digest('hex') };
}
