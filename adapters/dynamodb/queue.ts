import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Limits } from '#core/queue/limits.ts';
import { type Place, rankOf } from '#core/queue/place.ts';
import type { Arrival, Queue } from '#core/queue/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused } from './change.ts';
import {
  ALL,
  ahead,
  count,
  countOf,
  counts,
  enter,
  find,
  held,
  keyOf,
  move,
  type Ref,
  waiting,
} from './queue-rows.ts';
import { type Writes, writeTogether } from './transaction.ts';

/** How often somebody else may be faster before the caller is told to come back. */
const TRIES = 10;
/** Slots of which it is remembered how long they were held. */
const MEASURED = 20;
/** Days that an ended place is kept, so that nothing late opens it again. */
const KEPT = 30;

/** Places in one partition for each organization, and counts beside them that change in the same transactions. Nothing is deleted: what has ended leaves the indexes, and in the end the table by its time to live. */
export function dynamoQueue(table: string): Queue {
  return {
    join: (arrival, ask) => join(table, arrival, ask),
    hold: (place, limits, at) => hold(table, place, { limits, at }),
    leave: (org, runId, { grant, at }) => leave(table, { org, runId }, { grant, at }),
    end: (org, runId, at) => end(table, { org, runId }, at),
    rerank: (org, runId, { priority }) => rerank(table, { org, runId }, priority),
    woken: (org, runId, { grant, at }) => woken(table, { org, runId }, { grant, at }),
    find: (org, runId) => find(table, { org, runId }),
    counts: () => counts(table),
    waiting: (org, limit) => waiting(table, org, limit),
    held: (org) => held(table, org),
    ahead: (org, rank) => ahead(table, org, rank),
  };
}

interface Ask {
  grant: number;
  token: string;
  at: string;
}

async function join(table: string, arrival: Arrival, ask: Ask): Promise<Place | undefined> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const there = await find(table, arrival);
    const joined = there
      ? again(table, there, { arrival, ask })
      : ask.grant === 0 && entered(table, arrival, ask);
    if (!joined) return undefined;
    if (joined.writes.length === 0 || !(await writeTogether(joined.writes))) return joined.place;
  }
  throw busy();
}

interface Joined {
  place: Place;
  writes: Writes;
}

/** A run that has a place: it is there already, comes back from a person's decision, or asks too late. */
function again(
  table: string,
  there: Place,
  { arrival, ask }: { arrival: Arrival; ask: Ask },
): Joined | undefined {
  if (isThere(there, ask.grant)) return heard(table, there, ask);
  return there.state === 'away' && there.grant === ask.grant
    ? entered(table, arrival, ask, there)
    : undefined;
}

/** One more token by which it hears. */
function heard(table: string, there: Place, { token }: Ask): Joined {
  if (there.tokens.includes(token)) return { place: there, writes: [] };
  const tokens = [...there.tokens, token];
  return {
    place: { ...there, tokens, version: there.version + 1 },
    writes: [move(table, there, { tokens })],
  };
}

function entered(table: string, arrival: Arrival, { grant, token, at }: Ask, there?: Place): Joined {
  const version = there ? there.version + 1 : 0;
  const place: Place = {
    ...arrival,
    ...{ rank: rankOf(arrival), state: 'waiting', grant, tokens: [token], since: at, version },
  };
  const entering = there ? move(table, there, { ...place, wokenAt: undefined }) : enter(table, place);
  return { place, writes: [entering, count(table, countOf(place.org), { waiting: 1 })] };
}

/** Whether it waits for, or has, the slot after its `grant`-th. */
function isThere({ state, grant: had }: Place, grant: number): boolean {
  return (state === 'waiting' && had === grant) || (state === 'held' && had === grant + 1);
}

async function hold(
  table: string,
  place: Place,
  { limits, at }: { limits: Limits; at: string },
): Promise<Place | 'taken' | 'full'> {
  const { org } = place;
  const change = { state: 'held' as const, grant: place.grant + 1, since: at };
  const refused = await writeTogether([
    move(table, place, change),
    count(table, countOf(org), { waiting: -1, held: 1 }, limits.of(org)),
    count(table, ALL, { held: 1 }, limits.all),
  ]);
  if (!refused) return { ...place, ...change, version: place.version + 1 };
  return refused[0] ? 'taken' : 'full';
}

async function leave(
  table: string,
  ref: Ref,
  { grant, at }: { grant: number; at: string },
): Promise<boolean> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const place = await find(table, ref);
    if (place?.state !== 'held' || place.grant !== grant) return false;
    if (!(await writeTogether(await freeing(table, place, { state: 'away', at })))) return true;
  }
  throw busy();
}

async function end(table: string, ref: Ref, at: string): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const place = await find(table, ref);
    if (place?.state === 'ended') return;
    if (!(await writeTogether(await ending(table, { ref, place, at })))) return;
  }
  throw busy();
}

async function ending(
  table: string,
  { ref, place, at }: { ref: Ref; place: Place | undefined; at: string },
): Promise<Writes> {
  const expiresAt = Math.floor(Date.parse(at) / 1_000) + KEPT * 86_400;
  if (!place) return [enter(table, { ...NOBODY, ...ref, state: 'ended', tokens: [], since: at, expiresAt })];
  if (place.state === 'held') return freeing(table, place, { state: 'ended', at, expiresAt });
  const gone = move(table, place, { state: 'ended', tokens: [], since: at, expiresAt });
  return place.state === 'waiting' ? [gone, count(table, countOf(place.org), { waiting: -1 })] : [gone];
}

/** Of an execution that ended before it asked for a slot. */
const NOBODY = {
  ticketId: '',
  executionArn: '',
  kind: 'start',
  priority: 'low',
  arrivedAt: '1970-01-01T00:00:00.000Z',
  rank: '-',
  grant: 0,
  version: 0,
} as const;

/** Gives a slot back, and remembers how long it was held. */
async function freeing(
  table: string,
  place: Place,
  { at, ...change }: { state: 'away' | 'ended'; at: string; expiresAt?: number },
): Promise<Writes> {
  const own = (await counts(table)).orgs.find(({ org }) => org === place.org);
  const took = [...(own?.took ?? []), Math.max(0, Date.parse(at) - Date.parse(place.since))];
  return [
    move(table, place, { ...change, tokens: [], since: at, wokenAt: undefined }),
    count(table, countOf(place.org), { held: -1, took: took.slice(-MEASURED) }),
    count(table, ALL, { held: -1 }),
  ];
}

async function rerank(table: string, ref: Ref, priority: Place['priority']): Promise<boolean> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const place = await find(table, ref);
    if (place?.state !== 'waiting') return false;
    const change = { priority, rank: rankOf({ ...place, priority }) };
    if (!(await writeTogether([move(table, place, change)]))) return true;
  }
  throw busy();
}

async function woken(table: string, ref: Ref, { grant, at }: { grant: number; at: string }): Promise<void> {
  try {
    await dynamo().send(
      new UpdateCommand({
        TableName: table,
        Key: keyOf(ref),
        UpdateExpression: 'SET wokenAt = :at',
        ConditionExpression: '#state = :held AND #grant = :grant',
        ExpressionAttributeNames: { '#state': 'state', '#grant': 'grant' },
        ExpressionAttributeValues: { ':at': at, ':held': 'held', ':grant': grant },
      }),
    );
  } catch (error) {
    if (!isRefused(error)) throw error;
  }
}

function busy(): Fault {
  return new Fault('Unavailable', 'Too much happens to this run at once; come again');
}
