import type { Clock } from '../../clock.ts';
import type { Commit } from '../../group-commit.ts';
import type { Store } from '../../store.ts';
import { AwsError, type Operations, only } from '../service.ts';
import { invalid } from './invalid.ts';
import type { Items, Row } from './items.ts';
import { refuseCapacity, tooMany } from './limits.ts';
import { type Kind, type Plan, readPlan } from './plan.ts';
import type { Tables } from './tables.ts';
import { tokenStore } from './tokens.ts';
import { type Item, sizeOf } from './value.ts';

const KINDS: Kind[] = ['Put', 'Update', 'Delete', 'ConditionCheck'];
const MAX_OPERATIONS = 100;
const MAX_BYTES = 4 * 1024 * 1024;

interface Parts {
  store: Store;
  clock: Clock;
  commit: Commit;
  tables: Tables;
  items: Items;
}

interface Reason {
  Code: string;
  Message?: string;
  Item?: Item;
}

interface Outcome {
  plan: Plan;
  before?: Row;
  after?: Item;
  reason: Reason;
}

/** TransactWriteItems: all or nothing in one commit, the same token twice within ten minutes is one transaction. */
export function transactions({ store, clock, commit, tables, items }: Parts): Operations {
  const unlessDone = tokenStore(store, clock);
  return { TransactWriteItems: (input) => transactWrite(input) };

  // biome-ignore lint/suspicious/noExplicitAny: members are refused below
  async function transactWrite(input: any): Promise<object> {
    only('TransactWriteItems', input, [
      'TransactItems',
      'ClientRequestToken',
      'ReturnConsumedCapacity',
      'ReturnItemCollectionMetrics',
    ]);
    refuseCapacity('TransactWriteItems', input);
    const operations: Record<string, unknown>[] = input.TransactItems ?? [];
    if (operations.length < 1 || operations.length > MAX_OPERATIONS)
      throw tooMany('transactItems', operations);
    const plans = operations.map(readOperation);
    refuseSameItem(plans);
    await commit(() => {
      const remember = input.ClientRequestToken ? unlessDone(input.ClientRequestToken, operations) : () => {};
      if (!remember) return;
      carryOut(plans);
      remember();
    });
    return {};
  }

  function readOperation(operation: Record<string, unknown>): Plan {
    only('TransactWriteItems', operation, KINDS);
    const [kind, ...more] = KINDS.filter((one) => operation[one] !== undefined);
    if (kind && more.length === 0) return readPlan(tables, kind, operation[kind]);
    throw invalid('TransactItems can only contain one of Check, Put, Update or Delete');
  }

  function carryOut(plans: Plan[]): void {
    const outcomes = plans.map(outcomeOf);
    if (outcomes.some(({ reason }) => reason.Code !== 'None')) throw cancelled(outcomes);
    const written = outcomes.filter(({ plan }) => !plan.checkOnly);
    const bytes = written.reduce(
      (sum, { before, after }) => sum + (after ? sizeOf(after) : (before?.size ?? 0)),
      0,
    );
    if (bytes > MAX_BYTES) throw invalid('Transaction payload size exceeded the maximum of 4 MB');
    for (const { plan, before, after } of written) items.write(plan.table, { key: plan.key, before, after });
  }

  function outcomeOf(plan: Plan): Outcome {
    const before = items.read(plan.table, plan.key);
    try {
      return { plan, before, after: plan.after(before), reason: { Code: 'None' } };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const Code = error.code === 'ValidationException' ? 'ValidationError' : 'ConditionalCheckFailed';
      return { plan, reason: { Code, Message: error.message, ...error.detail } };
    }
  }
}

function refuseSameItem(plans: Plan[]): void {
  const all = new Set(
    plans.map(({ table, key }) => `${table.id}/${key.hash.toString('hex')}/${key.range.toString('hex')}`),
  );
  if (all.size < plans.length) {
    throw invalid('Transaction request cannot include multiple operations on one item');
  }
}

function cancelled(outcomes: Outcome[]): AwsError {
  const reasons = outcomes.map(({ reason }) => reason);
  const codes = reasons.map(({ Code }) => Code).join(', ');
  return new AwsError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    400,
    { CancellationReasons: reasons },
  );
}
