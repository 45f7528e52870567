import type { Commit } from '../../group-commit.ts';
import { type Operations, only } from '../service.ts';
import { broken, invalid, oneOf } from './invalid.ts';
import type { Items } from './items.ts';
import { refuseCapacity, refuseDuplicates } from './limits.ts';
import { project } from './path.ts';
import { type Kind, type Plan, readPlan } from './plan.ts';
import type { Tables } from './tables.ts';
import type { Item } from './value.ts';

const RETURNS = ['ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW'] as const;
const EXTRA = ['ReturnValues', 'ReturnConsumedCapacity', 'ReturnItemCollectionMetrics'];
const MAX_BATCH = 25;

interface Parts {
  commit: Commit;
  tables: Tables;
  items: Items;
}

interface WriteRequest {
  PutRequest?: { Item: unknown };
  DeleteRequest?: { Key: unknown };
}

/** The operations that write one item, or a batch of independent ones. */
export function writes({ commit, tables, items }: Parts): Operations {
  return {
    PutItem: (input) => write('Put', input),
    UpdateItem: (input) => write('Update', input),
    DeleteItem: (input) => write('Delete', input),
    BatchWriteItem: (input) => batchWrite(input),
  };

  // biome-ignore lint/suspicious/noExplicitAny: readPlan refuses unknown members
  async function write(kind: Kind, input: any) {
    const returns = oneOf('returnValues', input.ReturnValues, RETURNS) ?? 'NONE';
    if (kind !== 'Update' && !['NONE', 'ALL_OLD'].includes(returns)) {
      throw invalid('Return values set to invalid value');
    }
    refuseCapacity(`${kind}Item`, input);
    const plan = readPlan(tables, kind, input, EXTRA);
    const { before, after } = await commit(() => carryOut(plan));
    return { Attributes: chosen(returns, plan, { before, after }) };
  }

  function carryOut(plan: Plan): { before?: Item; after?: Item } {
    const before = items.read(plan.table, plan.key);
    const after = plan.after(before);
    items.write(plan.table, { key: plan.key, before, after });
    return { before: before?.item, after };
  }

  // biome-ignore lint/suspicious/noExplicitAny: members are refused below
  async function batchWrite(input: any) {
    only('BatchWriteItem', input, ['RequestItems', ...EXTRA.slice(1)]);
    refuseCapacity('BatchWriteItem', input);
    const requests = Object.entries((input.RequestItems ?? {}) as Record<string, WriteRequest[]>);
    const count = requests.reduce((sum, [, all]) => sum + all.length, 0);
    if (count < 1 || count > MAX_BATCH) {
      const bound = count < 1 ? 'greater than or equal to 1' : 'less than or equal to 25';
      throw broken('requestItems', `[${count} members]`, `Member must have length ${bound}`);
    }
    const plans = requests.map(([TableName, all]) => all.map((one) => batchPlan(TableName, one)));
    for (const all of plans) refuseDuplicates(all.map(({ key }) => key));
    await commit(() => {
      for (const plan of plans.flat()) carryOut(plan);
    });
    return { UnprocessedItems: {} };
  }

  function batchPlan(TableName: string, one: WriteRequest): Plan {
    only('BatchWriteItem', one, ['PutRequest', 'DeleteRequest']);
    if (one.PutRequest && one.DeleteRequest) {
      throw invalid('Supplied WriteRequest has more than one request set, must contain exactly one');
    }
    if (one.PutRequest) return readPlan(tables, 'Put', { ...one.PutRequest, TableName });
    return readPlan(tables, 'Delete', { ...one.DeleteRequest, TableName });
  }
}

function chosen(
  returns: (typeof RETURNS)[number],
  { update }: Plan,
  { before, after }: { before?: Item; after?: Item },
): Item | undefined {
  if (returns === 'ALL_OLD') return before;
  if (returns === 'ALL_NEW') return after;
  const item = returns === 'UPDATED_OLD' ? before : returns === 'UPDATED_NEW' ? after : undefined;
  const part = item && project(item, update?.targets ?? []);
  return part && Object.keys(part).length > 0 ? part : undefined;
}
