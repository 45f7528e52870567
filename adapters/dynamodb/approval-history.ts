import type { Approvals, Past } from '#core/approvals/ports.ts';
import { approvalKey, approvalOf } from './approval-rows.ts';
import { cursorOf, positionOf } from './cursor.ts';
import { newest } from './newest.ts';

/** An organization's approvals, the newest request first, a page at a time. */
export function dynamoHistory(table: string): Approvals['history'] {
  return async (org, query) => {
    const { items, last } = await newest(
      {
        TableName: table,
        IndexName: 'history',
        ExclusiveStartKey: query.cursor ? startAt(org, query.cursor) : undefined,
        ...matching(org, query),
      },
      query.limit,
    );
    const cursor = last && cursorOf([String(last.requestedAt), String(last.sk).slice(2)]);
    return { approvals: items.map(approvalOf), ...(cursor && { cursor }) };
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

function startAt(org: string, cursor: string) {
  const [requestedAt, id] = positionOf(cursor);
  return { ...approvalKey(org, id), org, requestedAt };
}
