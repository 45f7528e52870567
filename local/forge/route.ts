import * as z from 'zod';
import type { Account } from './access.ts';
import { type Context, visible } from './context.ts';
import { invalid, problem } from './problem.ts';
import type { Repository } from './records.ts';

export interface Ask {
  context: Context;
  account: Account | undefined;
  params: Record<string, string>;
  query: URLSearchParams;
  /** The parsed JSON body; undefined without one. */
  body: unknown;
  accept: string;
  /** The request's own address, for links to other pages of a list. */
  url: URL;
}

export interface Answer {
  status: number;
  /** A string is sent as it is, with `type`; anything else as JSON. */
  body?: unknown;
  type?: string;
  headers?: Record<string, string>;
}

export type Route = (ask: Ask) => Promise<Answer> | Answer;

/** `GET /repos/:owner/:repo/contents/*path` → route; `:x` is one segment, `*x` the rest of the path. */
export type Routes = Record<string, Route>;

export function repositoryOf({ context, params, account }: Ask): Repository {
  return visible(context, params, account);
}

/** The account behind a call that changes something. Throws 401 for nobody and 403 for a reader. */
export function writer({ account }: Ask): Account {
  if (!account) throw problem(401, 'Requires authentication');
  if (account.access !== 'write') throw problem(403, 'Resource not accessible by personal access token');
  return account;
}

/** The body as `schema` says, or GitHub's 422 naming the first field that is not. */
export function input<T>(schema: z.ZodType<T>, resource: string, { body }: Ask): T {
  const { success, data, error } = schema.safeParse(body ?? {});
  if (success) return data;
  const issue = error.issues[0];
  const field = issue?.path.join('.') ?? '';
  const missing = issue?.code === 'invalid_type' && issue.input === undefined;
  throw invalid(resource, { field, code: missing ? 'missing_field' : 'invalid', message: issue?.message });
}

export function numberIn(params: Record<string, string>, key: string): number {
  const { success, data } = z.coerce.number().int().positive().safeParse(params[key]);
  if (!success) throw problem(404, 'Not Found');
  return data;
}

/** Which part of a list is asked for: `per_page` is 30 unless told, at most 100. */
export function pageIn(query: URLSearchParams): { page: number; size: number } {
  const whole = (key: string, fallback: number) => {
    const value = Number(query.get(key) ?? fallback);
    return Number.isInteger(value) && value > 0 ? value : fallback;
  };
  return { page: whole('page', 1), size: Math.min(whole('per_page', 30), 100) };
}

/** One page of `items` with GitHub's Link header. */
export function listed<T>({ query, url }: Ask, items: readonly T[], shape: (item: T) => unknown): Answer {
  const { page, size } = pageIn(query);
  const last = Math.max(1, Math.ceil(items.length / size));
  const body = items.slice((page - 1) * size, page * size).map(shape);
  const link = linkHeader(url, page, last);
  return { status: 200, body, ...(link && { headers: { link } }) };
}

function linkHeader(url: URL, page: number, last: number): string {
  const to = (rel: string, number: number) => {
    const there = new URL(url);
    there.searchParams.set('page', String(number));
    return `<${there}>; rel="${rel}"`;
  };
  const links = [];
  if (page > 1) links.push(to('prev', page - 1), to('first', 1));
  if (page < last) links.push(to('next', page + 1), to('last', last));
  return links.join(', ');
}
