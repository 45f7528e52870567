import { PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Fault } from '#core/fault.ts';
import { type Acceptance, CheckRecord } from '#core/taps/check.ts';
import type { Checks } from '#core/taps/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { isRefused } from './change.ts';

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
    accept: (record, acceptance) => accept(table, record, acceptance),
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

async function accept(
  table: string,
  { org, repository, began, check }: CheckRecord,
  acceptance: Acceptance,
): Promise<Acceptance> {
  const note = async (Key: object, accepted: Acceptance) => {
    const { Attributes } = await dynamo().send(
      new UpdateCommand({
        ...{ TableName: table, Key },
        UpdateExpression: 'SET accepted = if_not_exists(accepted, :accepted)',
        ConditionExpression: '#check = :check',
        ExpressionAttributeNames: { '#check': 'check' },
        ExpressionAttributeValues: { ':accepted': accepted, ':check': check },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return CheckRecord.parse(Attributes).accepted ?? accepted;
  };
  try {
    const first = await note({ pk: org, sk: repository }, acceptance);
    return await note({ pk: `${org}#${repository}`, sk: `${began}#${check}` }, first);
  } catch (error) {
    if (!isRefused(error)) throw error;
    throw new Fault('Conflict', `There is a newer check of ${repository} than ${check}; look at that first`);
  }
}

function under(table: string, pk: string) {
  return {
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': pk },
    ConsistentRead: true,
  };
}
