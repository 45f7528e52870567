import { Fault } from '#core/fault.ts';
import type { Merges } from '#core/triage/ports.ts';
import { setting } from './change.ts';
import { find } from './ticket-rows.ts';
import { writeTogether } from './transaction.ts';

/** One ticket is changed and the other looked at in one transaction, so that two never point at each other. */
export function dynamoMerges(table: string): Merges {
  return {
    async merge({ org, id, version }, into, change) {
      const { set, remove, names, values } = setting({ ...change });
      const refused = await writeTogether([
        {
          Update: {
            TableName: table,
            Key: { org, id },
            UpdateExpression: `${set}, version = version + :one ${remove}`,
            ConditionExpression: 'version = :version',
            ExpressionAttributeNames: names,
            ExpressionAttributeValues: { ...values, ':one': 1, ':version': version },
          },
        },
        {
          ConditionCheck: {
            TableName: table,
            Key: { org, id: into.id },
            ConditionExpression: 'attribute_exists(id) AND attribute_not_exists(duplicateOf)',
          },
        },
      ]);
      const ticket = await find(table, org, id);
      if (refused || !ticket)
        throw new Fault('Conflict', 'One of the two has changed meanwhile; look at both again, then merge');
      return ticket;
    },
  };
}
