import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Approval } from '#core/approvals/approval.ts';
import type { Approvals, History, Past } from '#core/approvals/ports.ts';
import { dynamo } from '../aws/clients.ts';
import { approvalKey, approvalOf } from './approval-rows.ts';
import { cursorOf, positionOf } from './cursor.ts';

/** Approvals that one look through the index reads at most, however many of them the filters drop. */
const READ_AT_ONCE = 200;
const LOOKS = 20;

/** An organization's approvals, the newest request first, a page at a time. */
export function dynamoHistory(table: string): Approvals['history'] {
  return async (org, query) => {
    const found: Approval[] = [];
    let start: Record<string, unknown> | undefined = query.cursor ? startAt(org, query.cursor) : undefined;
    for (let look = 0; look < LOOKS; look += 1) {
      const { Items = [], LastEvaluatedKey } = await dynamo().send(
        new QueryCommand({
          TableName: table,
          IndexName: 'history',
          ScanIndexForward: false,
          Limit: READ_AT_ONCE,
          ExclusiveStartKey: start,
          ...matching(org, query),
        }),
      );
      found.push(...Items.map(approvalOf));
      if (found.length > query.limit) return page(found.slice(0, query.limit));
      start = LastEvaluatedKey;
      if (!start) return { approvals: found };
    }
    return { approvals: found, cursor: cursorOf([String(start?.requestedAt), String(start?.sk).slice(2)]) };
  };
}

function matching(org: string, { from, type, isSettled, byPeople }: Past) {
  const filters: [isWanted: unknown, words: string, name: string, values: Record<string, string>][] = [
    [type, '#type = :type', 'type', { ':type': type ?? '' }],
    [isSettled, '#status <> :pending', 'status', { ':pending': 'PENDING' }],
    [byPeople, '#mode IN (:ask, :require)', 'mode', { ':ask': 'ask', ':require': 'require_approval' }],
  ];
  const wanted = filters.filter(([isWanted]) => isWanted);
  const values = wanted.map(([, , , values]) => values);
  return {
    KeyConditionExpression: `org = :org${from ? ' AND requestedAt >= :from' : ''}`,
    ExpressionAttributeValues: Object.assign({ ':org': org, ...(from && { ':from': from }) }, ...values),
    ...(wanted.length > 0 && {
      FilterExpression: wanted.map(([, words]) => words).join(' AND '),
      ExpressionAttributeNames: Object.fromEntries(wanted.map(([, , name]) => [`#${name}`, name])),
    }),
  };
}

function page(approvals: Approval[]): History {
  const last = approvals.at(-1) as Approval;
  return { approvals, cursor: cursorOf([last.requestedAt, last.id]) };
}

function startAt(org: string, cursor: string) {
  const [requestedAt, id] = positionOf(cursor);
  return { ...approvalKey(org, id), org, requestedAt };
}
