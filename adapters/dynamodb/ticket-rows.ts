import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { Ticket } from '#core/tickets/ticket.ts';
import { dynamo } from '../aws/clients.ts';

/** Reads what was written last. */
export async function find(table: string, org: string, id: string): Promise<Ticket | undefined> {
  const { Item } = await dynamo().send(
    new GetCommand({ TableName: table, Key: { org, id }, ConsistentRead: true }),
  );
  return Item && toTicket(Item);
}

/** A ticket as it is stored. */
export function toItem(ticket: Ticket): Record<string, unknown> {
  return attributes(ticket.org, ticket);
}

/** Metadata is text in the table: it may hold numbers and names that DynamoDB refuses. */
export function attributes(org: string, { metadata, ...rest }: Partial<Ticket>): Record<string, unknown> {
  const { pullRequest } = rest;
  return {
    ...rest,
    ...(metadata && { metadata: JSON.stringify(metadata) }),
    ...(pullRequest && { pullRequestKey: pullRequestKey(org, pullRequest.repository, pullRequest.number) }),
  };
}

/** What `toItem` made, again. */
export function toTicket(item: Record<string, unknown>): Ticket {
  const { metadata } = item;
  return Ticket.parse({ ...item, ...(typeof metadata === 'string' && { metadata: JSON.parse(metadata) }) });
}

/** How a pull request's ticket is found. */
export function pullRequestKey(org: string, repository: string, number: number): string {
  return `${org}#${repository.toLowerCase()}#${number}`;
}
