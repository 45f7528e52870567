import { AwsError } from '../aws/service.ts';

interface Paging {
  maxResults?: number;
  nextToken?: string;
}

/** Where the page begins, as {@link page} wrote it into the token. */
export function cursor({ nextToken }: Paging): string | undefined {
  if (!nextToken) return undefined;
  const match = /^p:(.*)$/.exec(Buffer.from(nextToken, 'base64url').toString());
  if (!match) throw new AwsError('InvalidToken', `Invalid Token: '${nextToken}'`);
  return match[1];
}

/** Cuts rows, of which one more than the page holds was read, into a page and the token for the next one. */
export function page<T>(
  rows: T[],
  { maxResults }: Paging,
  key: (last: T) => string | number,
): { items: T[]; nextToken?: string } {
  const size = maxResults || 100;
  if (size > 1000) throw new AwsError('ValidationException', 'maxResults must be at most 1000');
  const items = rows.slice(0, size);
  const last = items.at(-1);
  if (rows.length <= size || last === undefined) return { items };
  return { items, nextToken: Buffer.from(`p:${key(last)}`).toString('base64url') };
}
