import { PutCommand, QueryCommand, type QueryCommandInput, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { Caps } from '#core/agents/caps.ts';
import type { Spend } from '#core/agents/spend.ts';
import { CostRow } from '#core/runs/run.ts';
import { dynamo } from '../aws/clients.ts';
import { capsKey, capsOf, purse } from './purse.ts';

/**
 * Costs and budgets, in the table of runs: a cost row, its run and the totals of its ticket and day change together or
 * not at all.
 */
export function dynamoSpend(table: string): Spend {
  return {
    caps: (org) => capsOf(table, org),
    setCaps: async (org, caps) => {
      await dynamo().send(
        new PutCommand({ TableName: table, Item: { ...capsKey(org), caps: Caps.parse(caps) } }),
      );
    },
    purse: (org, runId) => purse(table, org, runId),
    abandon: (org, runId, before) => abandon(table, { org, runId }, before),
    async rows(org, day, now) {
      const all = await costRows(table, {
        IndexName: 'byDay',
        KeyConditionExpression: 'costDay = :day',
        ExpressionAttributeValues: { ':day': `${org}#${day}` },
      });
      return all.flatMap((row) => heardOf(row, now));
    },
    async everybodys(from, to, now) {
      const all = await costRows(
        table,
        {
          IndexName: 'byDay',
          FilterExpression: '#at >= :from AND #at < :to',
          ExpressionAttributeNames: { '#at': 'at' },
          ExpressionAttributeValues: { ':from': from.toISOString(), ':to': to.toISOString() },
        },
        ScanCommand,
      );
      return all.flatMap((row) => heardOf(row, now));
    },
  };
}

async function abandon(
  table: string,
  { org, runId }: { org: string; runId: string },
  before: Date,
): Promise<number> {
  const rows = await costRows(table, {
    KeyConditionExpression: 'run = :run AND begins_with(sk, :costs)',
    ExpressionAttributeValues: { ':run': `${org}#${runId}`, ':costs': 'COST#' },
    ConsistentRead: true,
  });
  const lost = rows.filter((row) => isLost(row, before));
  const { settle } = purse(table, org, runId);
  for (const row of lost) {
    const { reservedNanoUsd: nanoUsd = 0 } = row;
    await settle({ ...row, nanoUsd }, { ...row, nanoUsd, status: 'unknown' });
  }
  return lost.length;
}

/** A batch goes on by itself; any other attempt ends with whoever makes it. */
function isLost({ status, at, customId }: CostRow, before: Date): boolean {
  return status === 'reserved' && !customId && at < before.toISOString();
}

/** An attempt that began an hour ago has nobody left who would settle it. */
function heardOf(row: CostRow, now: Date): CostRow[] {
  if (isLost(row, new Date(now.getTime() - 3_600_000))) return [{ ...row, status: 'unknown' }];
  return row.status === 'reserved' ? [] : [row];
}

async function costRows(
  table: string,
  query: Partial<QueryCommandInput>,
  Command: typeof QueryCommand | typeof ScanCommand = QueryCommand,
): Promise<CostRow[]> {
  const found: CostRow[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await dynamo().send(
      new Command({ TableName: table, ...query, ExclusiveStartKey: start }) as QueryCommand,
    );
    found.push(...Items.map((row) => CostRow.parse(row)));
    start = LastEvaluatedKey;
  } while (start);
  return found;
}
