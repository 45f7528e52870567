import { GetCommand, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { Place } from '#core/queue/place.ts';
import type { Counts } from '#core/queue/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { setting } from './change.ts';

const COUNTS = 'COUNTS';
/** The count of everybody's slots; no organization's key begins so. */
export const ALL = { pk: COUNTS, sk: 'ALL' };

export type Ref = Pick<Place, 'org' | 'runId'>;

export function keyOf({ org, runId }: Ref) {
  return { pk: `ORG#${org}`, sk: runId };
}

export function countOf(org: string) {
  return { pk: COUNTS, sk: `ORG#${org}` };
}

/** Reads what was written last. */
export async function find(table: string, ref: Ref): Promise<Place | undefined> {
  const { Item } = await dynamo().send(
    new GetCommand({ TableName: table, Key: keyOf(ref), ConsistentRead: true }),
  );
  return Item && Place.parse(Item);
}

/** A place, and when the table may forget it. */
type Stored = Partial<Place> & { expiresAt?: number };

/** A place is in the index of its state, and in no other. */
function indexed({ org, state }: Pick<Place, 'org' | 'state'>) {
  return {
    waitingOf: state === 'waiting' ? org : undefined,
    heldBy: state === 'held' ? org : undefined,
  };
}

/** A place that is not there yet. */
export function enter(table: string, place: Place & { expiresAt?: number }) {
  const { waitingOf } = indexed(place);
  return {
    Put: {
      TableName: table,
      Item: { ...keyOf(place), ...place, ...(waitingOf && { waitingOf }) },
      ConditionExpression: 'attribute_not_exists(pk)',
    },
  };
}

/** Changes a place if it is as it was read. */
export function move(table: string, before: Place, change: Stored) {
  const { org: _org, runId: _runId, version: _version, ...rest } = change;
  const places = change.state ? indexed({ org: before.org, state: change.state }) : {};
  const { set, remove, names, values } = setting({ ...rest, ...places });
  return {
    Update: {
      TableName: table,
      Key: keyOf(before),
      UpdateExpression: `${set}, version = version + :one ${remove}`.trim(),
      ConditionExpression: 'version = :version',
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ...values, ':version': before.version, ':one': 1 },
    },
  };
}

/** Moves the counts of an organization, or of all; with `most`, only while fewer are held. */
export function count(
  table: string,
  Key: typeof ALL,
  { took, ...by }: { waiting?: number; held?: number; took?: number[] },
  most?: number,
) {
  const names = Object.keys(by);
  return {
    Update: {
      TableName: table,
      Key,
      UpdateExpression: `ADD ${names.map((name) => `#${name} :${name}`).join(', ')}${took ? ' SET took = :took' : ''}`,
      ...(most !== undefined && {
        ConditionExpression: 'attribute_not_exists(#held) OR #held < :most',
      }),
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: {
        ...Object.fromEntries(Object.entries(by).map(([name, change]) => [`:${name}`, change])),
        ...(most !== undefined && { ':most': most }),
        ...(took && { ':took': took }),
      },
    },
  };
}

/** Reads what was written last. */
export async function counts(table: string): Promise<Counts> {
  const found = await everything({
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': COUNTS },
    ConsistentRead: true,
  });
  const rows = found.map(({ sk, waiting = 0, held = 0, took = [] }) => ({
    org: String(sk),
    waiting: Number(waiting),
    held: Number(held),
    took: took as number[],
  }));
  return {
    held: rows.find(({ org }) => org === ALL.sk)?.held ?? 0,
    orgs: rows.flatMap((row) => (row.org === ALL.sk ? [] : [{ ...row, org: row.org.slice(4) }])),
  };
}

/** In order, at most `limit`. */
export function waiting(table: string, org: string, limit: number): Promise<Place[]> {
  return places({ TableName: table, ...inIndex('waiting', 'waitingOf', org) }, limit);
}

/** Every one. */
export function held(table: string, org: string): Promise<Place[]> {
  return places({ TableName: table, ...inIndex('held', 'heldBy', org) });
}

/** How many wait with a smaller rank. */
export async function ahead(table: string, org: string, rank: string): Promise<number> {
  let sum = 0;
  let start: Record<string, unknown> | undefined;
  do {
    const { Count = 0, LastEvaluatedKey } = await dynamo().send(
      new QueryCommand({
        TableName: table,
        IndexName: 'waiting',
        Select: 'COUNT',
        KeyConditionExpression: 'waitingOf = :org AND #rank < :rank',
        ExpressionAttributeNames: { '#rank': 'rank' },
        ExpressionAttributeValues: { ':org': org, ':rank': rank },
        ExclusiveStartKey: start,
      }),
    );
    sum += Count;
    start = LastEvaluatedKey;
  } while (start);
  return sum;
}

function inIndex(IndexName: string, name: string, org: string) {
  return {
    IndexName,
    KeyConditionExpression: '#org = :org',
    ExpressionAttributeNames: { '#org': name },
    ExpressionAttributeValues: { ':org': org },
  };
}

async function places(query: QueryCommandInput, limit?: number): Promise<Place[]> {
  return (await everything(query, limit)).map((item) => Place.parse(item));
}

async function everything(
  query: QueryCommandInput,
  limit = Number.POSITIVE_INFINITY,
): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const left = limit - found.length;
    const { Items = [], LastEvaluatedKey } = await dynamo().send(
      new QueryCommand({
        ...query,
        ...(left < 1_000 && { Limit: left }),
        ExclusiveStartKey: start,
      }),
    );
    found.push(...Items);
    start = LastEvaluatedKey;
  } while (start && found.length < limit);
  return found;
}
