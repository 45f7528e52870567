import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { spentOf, type Used } from '#core/policy/budgets.ts';
import { budgetKey } from '#core/policy/policy.ts';
import type { Budgets, Use } from '#core/policy/ports.ts';
import { dynamo } from '../aws/clients.ts';
import type { Writes } from './transaction.ts';

/** Kept beside the approvals that use them up, so that both are written in one transaction. */
export function dynamoBudgets(table: string): Budgets {
  const used = async (org: string, budget: string) => {
    const Key = budgetRowKey(org, budget);
    const { Item } = await dynamo().send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
    return (Item ?? { slices: {}, version: 0 }) as unknown as Used;
  };
  return {
    async spent(org, budgets, now) {
      const all = budgets.map(async (budget) => ({ ...budget, used: await used(org, budgetKey(budget)) }));
      return spentOf(org, await Promise.all(all), now);
    },
  };
}

/** The write that uses up a part of a budget, if nobody else has since it was read. */
export function useBudget(table: string, { org, budget, slices, version }: Use): Writes[number] {
  return {
    Put: {
      TableName: table,
      Item: { ...budgetRowKey(org, budget), slices, version: version + 1 },
      ConditionExpression: version === 0 ? 'attribute_not_exists(pk)' : 'version = :version',
      ...(version > 0 && { ExpressionAttributeValues: { ':version': version } }),
    },
  };
}

function budgetRowKey(org: string, budget: string) {
  return { pk: `ORG#${org}`, sk: `BUDGET#${budget}` };
}
