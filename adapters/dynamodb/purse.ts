import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { Caps, DEFAULT_CAPS } from '#core/agents/caps.ts';
import type { Claim, Purse } from '#core/agents/spend.ts';
import { Fault } from '#core/fault.ts';
import { dollars } from '#core/money.ts';
import { CostRow, Run } from '#core/runs/run.ts';
import { dynamo } from '../aws/clients.ts';
import { type Writes, writeTogether } from './transaction.ts';

interface Key {
  run: string;
  sk: string;
}

interface KnownCaps {
  most: Caps;
  /** As an admin set them; nothing while nobody has. */
  stored: Caps | undefined;
}

/** The levels that add up over calls, in the order in which a transaction writes them. */
const LEVELS = ['run', 'ticket', 'day'] as const;
const WORDS: Record<keyof Caps, string> = {
  call: 'one call',
  run: 'this run',
  ticket: 'this ticket',
  day: 'this organization today',
};

/** `committedNanoUsd` is what is settled and reserved; it is what caps bound. */
export function purse(table: string, org: string, runId: string): Purse {
  let opened: Promise<Run> | undefined;
  let known: KnownCaps | undefined;
  const run = () => {
    opened ??= openRun(table, org, runId).catch((error) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  const caps = async () => {
    const { budgetNanoUsd } = await run();
    const stored = await storedCaps(table, org);
    const all = stored ?? DEFAULT_CAPS;
    known = { stored, most: { ...all, run: Math.min(all.run, budgetNanoUsd) } };
    return known;
  };
  const self: Purse = {
    async left(at) {
      const { most } = await caps();
      const used = await Promise.all(
        keysOf(await run(), at.toISOString()).map((key) => committed(table, key)),
      );
      const rooms = LEVELS.map((of, index) => ({ of, nanoUsd: most[of] - (used[index] ?? 0) }));
      const call = { of: 'call' as keyof Caps, nanoUsd: most.call };
      return rooms.reduce((least, one) => (one.nanoUsd < least.nanoUsd ? one : least), call);
    },

    async reserve(claim) {
      const { most, stored } = known ?? (await caps());
      if (claim.nanoUsd > most.call) throw exceeded('call', most);
      const refused = await writeTogether([
        {
          Put: {
            TableName: table,
            Item: costItem(await run(), claim, RESERVED),
            ConditionExpression: 'attribute_not_exists(sk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
        unchanged(table, org, stored),
        ...keysOf(await run(), claim.at).map((key, index) =>
          holding(table, key, most[LEVELS[index] ?? 'run'] - claim.nanoUsd, claim.nanoUsd),
        ),
      ]);
      if (!refused || refused[0]?.item.status === 'reserved') return;
      if (refused[0]) throw new Fault('Conflict', `What ${claim.id} cost is settled; claim anew`);
      if (refused[1]) {
        known = undefined;
        return self.reserve(claim);
      }
      throw exceeded(LEVELS[refused.findIndex(Boolean) - 2] ?? 'run', most);
    },

    async settle(claim, outcome) {
      await writeTogether([
        {
          Put: {
            TableName: table,
            Item: costItem(await run(), claim, outcome),
            ConditionExpression: '#status = :reserved',
            ExpressionAttributeNames: { '#status': 'status' },
            ExpressionAttributeValues: { ':reserved': 'reserved' },
          },
        },
        ...keysOf(await run(), claim.at).map((key) => charging(table, key, outcome.nanoUsd, claim.nanoUsd)),
      ]);
    },
  };
  return self;
}

const NOTHING = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
const RESERVED = { ...NOTHING, priceVersion: '-', status: 'reserved' } as const;

async function openRun(table: string, org: string, runId: string): Promise<Run> {
  const found = await item(table, { run: `${org}#${runId}`, sk: 'RUN' });
  if (!found) throw new Fault('NotFound', `There is no run ${runId} to book costs on`);
  return Run.parse(found);
}

function keysOf({ org, id, ticketId }: Run, at: string): Key[] {
  return [
    { run: `${org}#${id}`, sk: 'RUN' },
    { run: `${org}#${ticketId}`, sk: 'TOTAL' },
    { run: `${org}#${at.slice(0, 10)}`, sk: 'TOTAL' },
  ];
}

export function capsKey(org: string): Key {
  return { run: `${org}#caps`, sk: 'CAPS' };
}

/** Those that an admin set, or the usual ones. */
export async function capsOf(table: string, org: string): Promise<Caps> {
  return (await storedCaps(table, org)) ?? DEFAULT_CAPS;
}

async function storedCaps(table: string, org: string): Promise<Caps | undefined> {
  const found = await item(table, capsKey(org));
  return found && Caps.parse(found.caps);
}

async function committed(table: string, key: Key): Promise<number> {
  return Number((await item(table, key))?.committedNanoUsd ?? 0);
}

function costItem({ org, id: runId, ticketId }: Run, claim: Claim, outcome: object): Record<string, unknown> {
  const row = CostRow.parse({ ...claim, ...outcome, runId, ticketId, reservedNanoUsd: claim.nanoUsd });
  return { run: `${org}#${runId}`, sk: `COST#${row.id}`, costDay: `${org}#${row.at.slice(0, 10)}`, ...row };
}

/** Holds while the caps are those that were read. */
function unchanged(TableName: string, org: string, stored: Caps | undefined): Writes[number] {
  return {
    ConditionCheck: {
      ...{ TableName, Key: capsKey(org) },
      ConditionExpression: stored ? 'caps = :stored' : 'attribute_not_exists(sk)',
      ...(stored && { ExpressionAttributeValues: { ':stored': stored } }),
    },
  };
}

function holding(TableName: string, Key: Key, most: number, amount: number): Writes[number] {
  const isThere = Key.sk === 'RUN' ? 'attribute_exists(sk) AND ' : '';
  const none = most < 0 ? '' : 'attribute_not_exists(committedNanoUsd) OR ';
  return {
    Update: {
      TableName,
      Key,
      UpdateExpression: 'ADD committedNanoUsd :amount',
      ConditionExpression: `${isThere}(${none}committedNanoUsd <= :most)`,
      ExpressionAttributeValues: { ':amount': amount, ':most': most },
    },
  };
}

function charging(TableName: string, Key: Key, spent: number, held: number): Writes[number] {
  return {
    Update: {
      TableName,
      Key,
      UpdateExpression: 'ADD committedNanoUsd :change, spentNanoUsd :spent',
      ExpressionAttributeValues: { ':change': spent - held, ':spent': spent },
    },
  };
}

async function item(table: string, Key: Key): Promise<Record<string, unknown> | undefined> {
  const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item;
}

function exceeded(level: keyof Caps, caps: Caps): Fault {
  return new Fault(
    'OverBudget',
    `The budget is used up: ${WORDS[level]} may cost ${dollars(caps[level])} at most. Caps are an admin's to change: npx signalbox spend caps`,
  );
}
