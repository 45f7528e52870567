import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { dynamo } from '../aws/clients.ts';

type Item = Record<string, unknown>;

/** Items that one look through the index reads at most, however many of them the filters drop. */
const READ_AT_ONCE = 200;
const LOOKS = 20;

/** The last items of an index that a query's filter and `isWanted` let through, and, if there may be more, one with the keys to go on from. */
export async function newest(
  query: QueryCommandInput,
  limit: number,
  isWanted: (item: Item) => boolean = () => true,
): Promise<{ items: Item[]; last?: Item | undefined }> {
  const items: Item[] = [];
  let start = query.ExclusiveStartKey;
  for (let look = 0; look < LOOKS; look += 1) {
    const { Items = [], LastEvaluatedKey } = await dynamo().send(
      new QueryCommand({ ...query, ScanIndexForward: false, Limit: READ_AT_ONCE, ExclusiveStartKey: start }),
    );
    items.push(...Items.filter(isWanted));
    if (items.length > limit) return { items: items.slice(0, limit), last: items[limit - 1] };
    start = LastEvaluatedKey;
    if (!start) return { items };
  }
  return { items, last: start };
}
