import {
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import type { Runs } from '#core/ports.ts';
import { CostRow, Instruction, Run, RunLine } from '#core/runs/run.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused, setting } from './change.ts';

/** Runs with their log lines and cost rows, one partition each. */
export function dynamoRuns(table: string): Runs {
  return {
    open: (run) => open(table, run),
    find: (org, id) => find(table, org, id),
    update: (org, id, change, lease) => update(table, { org, id }, change, lease),
    hold: (org, id) => hold(table, org, id),
    instruct: (org, id, instruction) => instruct(table, { org, id }, instruction),
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
    struck: async (org, id, costs) => {
      for (const cost of costs) await mark(table, { run: `${org}#${id}`, sk: `COST#${cost}` });
    },
  };
}

async function mark(TableName: string, Key: { run: string; sk: string }): Promise<void> {
  const change = { UpdateExpression: 'SET struck = :yes', ExpressionAttributeValues: { ':yes': true } };
  await dynamo().send(
    new UpdateCommand({ TableName, Key, ...change, ConditionExpression: 'attribute_exists(sk)' }),
  );
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

/** Money only ever moves through the ledger of costs, and the lease through `hold`: a change that names them is not taken. */
async function update(
  table: string,
  { org, id }: { org: string; id: string },
  change: Partial<Run>,
  lease?: number,
): Promise<Run> {
  const { org: _org, id: _id, spentNanoUsd: _spent, lease: _lease, ...rest } = change;
  const { set, remove, names, values } = setting(rest);
  try {
    return await changed(table, `${org}#${id}`, {
      UpdateExpression: `${set} ${remove}`.trim(),
      ConditionExpression: lease ? 'lease = :lease' : 'attribute_exists(sk)',
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ...values, ...(lease && { ':lease': lease }) },
    });
  } catch (error) {
    if (isRefused(error) && lease) throw new Fault('Gone', `Another task works on run ${id} now`);
    if (isRefused(error)) throw new Fault('NotFound', `There is no run ${id}`);
    throw error;
  }
}

async function hold(table: string, org: string, id: string): Promise<Run> {
  try {
    return await changed(table, `${org}#${id}`, {
      UpdateExpression: 'ADD lease :one',
      ConditionExpression: 'attribute_exists(sk)',
      ExpressionAttributeValues: { ':one': 1 },
    });
  } catch (error) {
    if (isRefused(error)) throw new Fault('NotFound', `There is no run ${id}`);
    throw error;
  }
}

const MOST_INSTRUCTIONS = 20;

async function instruct(
  table: string,
  { org, id }: { org: string; id: string },
  instruction: Instruction,
): Promise<Run> {
  try {
    return await changed(table, `${org}#${id}`, {
      UpdateExpression: 'SET instructions = list_append(if_not_exists(instructions, :none), :one)',
      ConditionExpression:
        '#status = :running AND (attribute_not_exists(instructions) OR size(instructions) < :most)',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: {
        ...{ ':none': [], ':one': [Instruction.parse(instruction)], ':most': MOST_INSTRUCTIONS },
        ':running': 'running',
      },
    });
  } catch (error) {
    if (!isRefused(error)) throw error;
    const run = await find(table, org, id);
    if (!run) throw new Fault('NotFound', `There is no run ${id}`);
    if (run.status !== 'running')
      throw new Fault('Conflict', `Nobody works on run ${id} any more: it ${run.status}`);
    throw new Fault(
      'TooMany',
      `${MOST_INSTRUCTIONS} messages are the most that a run takes; stop it and start anew`,
    );
  }
}

type Change = Pick<
  UpdateCommandInput,
  'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

async function changed(table: string, run: string, change: Change): Promise<Run> {
  const { Attributes } = await dynamo().send(
    new UpdateCommand({ TableName: table, Key: { run, sk: 'RUN' }, ...change, ReturnValues: 'ALL_NEW' }),
  );
  return Run.parse(Attributes);
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
