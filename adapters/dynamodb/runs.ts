import { GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Runs } from '#core/ports.ts';
import { CostRow, Run, RunLine } from '#core/runs/run.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused, setting } from './change.ts';

/** Runs with their log lines and cost rows, one partition each. */
export function dynamoRuns(table: string): Runs {
  return {
    open: (run) => open(table, run),
    find: (org, id) => find(table, org, id),
    update: (org, id, change) => update(table, { org, id }, change),
    say: async (org, id, line) => {
      const row = { run: `${org}#${id}`, sk: `LINE#${line.id}`, ...RunLine.parse(line) };
      await dynamo().send(new PutCommand({ TableName: table, Item: row }));
    },
    lines: async (org, id, after = '') =>
      (await rows(table, `${org}#${id}`, 'LINE#', after)).map((row) => RunLine.parse(row)),
    costs: async (org, id) =>
      (await rows(table, `${org}#${id}`, 'COST#'))
        .map((row) => CostRow.parse(row))
        .filter(({ status }) => status !== 'reserved'),
  };
}

async function open(table: string, run: Run): Promise<Run> {
  const row = { run: `${run.org}#${run.id}`, sk: 'RUN', ...run };
  try {
    await dynamo().send(
      new PutCommand({ TableName: table, Item: row, ConditionExpression: 'attribute_not_exists(sk)' }),
    );
    return run;
  } catch (error) {
    const stored = isRefused(error) ? await find(table, run.org, run.id) : undefined;
    if (!stored) throw error;
    return stored;
  }
}

async function find(table: string, org: string, id: string): Promise<Run | undefined> {
  const key = { run: `${org}#${id}`, sk: 'RUN' };
  const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }));
  return Item && Run.parse(Item);
}

/** Money only ever moves through the ledger of costs, so a change that names it is not taken. */
async function update(
  table: string,
  { org, id }: { org: string; id: string },
  change: Partial<Run>,
): Promise<Run> {
  const { org: _org, id: _id, spentNanoUsd: _spent, ...rest } = change;
  const { set, remove, names, values } = setting(rest);
  try {
    const { Attributes } = await dynamo().send(
      new UpdateCommand({
        TableName: table,
        Key: { run: `${org}#${id}`, sk: 'RUN' },
        UpdateExpression: `${set} ${remove}`.trim(),
        ConditionExpression: 'attribute_exists(sk)',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: values,
        ReturnValues: 'ALL_NEW',
      }),
    );
    return Run.parse(Attributes);
  } catch (error) {
    if (isRefused(error)) throw new Fault('NotFound', `There is no run ${id}`);
    throw error;
  }
}

/** Every row of a kind, in order, after the one named. */
async function rows(
  table: string,
  run: string,
  kind: string,
  after = '',
): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await dynamo().send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'run = :run AND sk BETWEEN :first AND :last',
        ExpressionAttributeValues: { ':run': run, ':first': `${kind}${after}`, ':last': `${kind}\u{10ffff}` },
        ExclusiveStartKey: start,
        ConsistentRead: true,
      }),
    );
    found.push(...Items.filter(({ sk }) => sk !== `${kind}${after}`));
    start = LastEvaluatedKey;
  } while (start);
  return found;
}
