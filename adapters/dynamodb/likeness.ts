import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Likeness } from '#core/triage/ports.ts';
import { Link, Sketch } from '#core/triage/similar.ts';
import { dynamo } from '../aws/clients.ts';

/** Texts that a new one is compared with: the work for a ticket stays the same, however many there are. */
const WINDOW = 1_000;
const SAME_ERROR = 20;
const LINKS = 20;

/** Sketches by time, errors by what stands for them, and links both ways. */
export function dynamoLikeness(table: string): Likeness {
  const newest = async (pk: string, limit: number) => {
    const items: Record<string, unknown>[] = [];
    let start: Record<string, unknown> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await dynamo().send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk',
          ExpressionAttributeValues: { ':pk': pk },
          ScanIndexForward: false,
          Limit: limit - items.length,
          ExclusiveStartKey: start,
          ConsistentRead: true,
        }),
      );
      items.push(...Items);
      start = LastEvaluatedKey;
    } while (start && items.length < limit);
    return items;
  };
  const put = (Item: Record<string, unknown>) => dynamo().send(new PutCommand({ TableName: table, Item }));

  return {
    async remember(org, sketch, errors) {
      const { ticketId, at } = sketch;
      const sk = `${at}#${ticketId}`;
      await Promise.all([
        put({ pk: `${org}#texts`, sk, ...sketch }),
        ...errors.map(({ print }) => put({ pk: `${org}#error#${print}`, sk, ticketId })),
      ]);
    },
    recent: async (org) => (await newest(`${org}#texts`, WINDOW)).map((item) => Sketch.parse(item)),
    withError: async (org, print) =>
      (await newest(`${org}#error#${print}`, SAME_ERROR)).map(({ ticketId }) => String(ticketId)),
    async link(org, ticketId, links) {
      const both = links.flatMap((link) => [
        { from: ticketId, to: link },
        { from: link.ticketId, to: { ...link, ticketId } },
      ]);
      await Promise.all(
        both.map(({ from, to }) => put({ pk: `${org}#links#${from}`, sk: to.ticketId, ...to })),
      );
    },
    links: async (org, ticketId) =>
      (await newest(`${org}#links#${ticketId}`, LINKS))
        .map((item) => Link.parse(item))
        .sort((a, b) => b.score - a.score),
  };
}
