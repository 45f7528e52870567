import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Story } from '#core/ledger/audit.ts';
import type { Sealed } from '#core/ledger.ts';
import { dynamo } from '../aws/clients.ts';

type Item = Record<string, unknown>;

/** Every action in the ledger's table: a scan gives the entries of one after the other, in order. */
export async function* dynamoStories(table: string): AsyncIterable<Story> {
  let pk: unknown;
  let sealed: Sealed[] = [];
  for await (const item of items(table)) {
    if (item.pk !== pk) {
      if (sealed.length > 0) yield { ...actionIn(pk), sealed };
      pk = item.pk;
      sealed = [];
    }
    sealed.push({ seq: Number(item.sk), text: String(item.text), hash: String(item.hash) });
  }
  if (sealed.length > 0) yield { ...actionIn(pk), sealed };
}

async function* items(table: string): AsyncIterable<Item> {
  let start: Item | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await dynamo().send(
      new ScanCommand({ TableName: table, ExclusiveStartKey: start, ConsistentRead: true }),
    );
    yield* Items;
    start = LastEvaluatedKey;
  } while (start);
}

/** A key that is none of ours is an action that no place can be of. */
function actionIn(pk: unknown): { org: string; actionId: string } {
  const [, org = 'unknown', actionId = String(pk)] = /^ORG#(.+)#A#([^#]+)$/.exec(String(pk)) ?? [];
  return { org, actionId };
}
