import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { CheckRecord } from '#core/taps/check.ts';
import type { Checks } from '#core/taps/ports.ts';
import { dynamo } from '../aws/clients.ts';

/** More are in the check's file only: an item has an end. */
const LISTED = 100;

/** Checks of taps: each under its organization and tap, in the order they began, and the last of each tap once more. */
export function dynamoChecks(table: string): Checks {
  return {
    put: async (record) => {
      const { org, repository, began, check } = record;
      const unlisted = record.changes.length - LISTED;
      const row = {
        ...record,
        changes: record.changes.slice(0, LISTED),
        unsure: record.unsure?.slice(0, LISTED),
        ...(unlisted > 0 && { unlisted }),
      };
      const Item = { ...row, pk: `${org}#${repository}`, sk: `${began}#${check}` };
      await dynamo().send(new PutCommand({ TableName: table, Item }));
      await dynamo().send(new PutCommand({ TableName: table, Item: { ...row, pk: org, sk: repository } }));
    },
    latest: async (org) => {
      const found: CheckRecord[] = [];
      let start: Record<string, unknown> | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await dynamo().send(
          new QueryCommand({ ...under(table, org), ExclusiveStartKey: start }),
        );
        found.push(...Items.map((item) => CheckRecord.parse(item)));
        start = LastEvaluatedKey;
      } while (start);
      return found;
    },
    history: async (org, repository, limit) => {
      const { Items = [] } = await dynamo().send(
        new QueryCommand({ ...under(table, `${org}#${repository}`), ScanIndexForward: false, Limit: limit }),
      );
      return Items.map((item) => CheckRecord.parse(item));
    },
  };
}

function under(table: string, pk: string) {
  return {
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': pk },
    ConsistentRead: true,
  };
}
