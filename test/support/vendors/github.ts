import type { IncomingHttpHeaders } from 'node:http';
import { json } from 'node:stream/consumers';
import * as z from 'zod';
import type { Reply } from '#local/vendors/kept.ts';
import { listening } from './listening.ts';

export const GITHUB_TOKEN = 'ghp_test';

/** What GitHub's description of its API says about creating and updating a comment of an issue. */
const Written = z.strictObject({ body: z.string().min(1).max(65_536) });
const Paged = z.strictObject({
  per_page: z.coerce.number().int().min(1).max(100).optional(),
  page: z.coerce.number().int().min(1).optional(),
});

/** A repository at GitHub with comments under its issues, and no code that could be read. */
export async function githubDouble(repository = 'acme/tap') {
  /** By id, the newest version first. */
  const comments = new Map<string, string[]>();
  const vendor = await listening(async (request) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://github');
    const refused = stranger(request.headers);
    if (refused) return refused;
    const path = pathname.replace(`/repos/${repository}/issues`, '');
    const [, id] = /^\/comments\/(\d+)$/.exec(path) ?? [];
    const isThere = id ? comments.has(id) : /^\/\d+\/comments$/.test(path);
    if (!isThere) return { status: 404, body: { message: 'Not Found' } };
    return request.method === 'GET' ? list(comments, searchParams) : write(comments, id, await json(request));
  });
  return { ...vendor, repository, comments };
}

function stranger({
  authorization = '',
  accept = '',
  'user-agent': agent,
}: IncomingHttpHeaders): Reply | undefined {
  if (!/^(token|Bearer) ghp_test$/.test(authorization)) return { status: 401 };
  return agent && /^application\/(vnd\.github[.\w-]*\+)?json/.test(accept) ? undefined : { status: 415 };
}

function list(comments: Map<string, string[]>, asked: URLSearchParams): Reply {
  if (!Paged.safeParse(Object.fromEntries(asked)).success) return { status: 422 };
  return { status: 200, body: [...comments].map(([id, [body]]) => ({ id: Number(id), body })) };
}

function write(comments: Map<string, string[]>, id: string | undefined, body: unknown): Reply {
  const { success, data } = Written.safeParse(body);
  if (!success) return { status: 422, body: { message: 'Validation Failed' } };
  const made = id ?? String(1 + comments.size);
  comments.set(made, [data.body, ...(comments.get(made) ?? [])]);
  return { status: id ? 200 : 201, body: { id: Number(made), body: data.body } };
}
