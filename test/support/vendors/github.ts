import type { IncomingHttpHeaders } from 'node:http';
import * as z from 'zod';
import type { Reply } from '#local/vendors/kept.ts';
import { askOf, listening } from './listening.ts';
import { type Call, unlikeGitHub } from './published.ts';

export const GITHUB_TOKEN = 'ghp_test';

/** Not in the published description: what GitHub refuses nevertheless. */
const Written = z.object({ body: z.string().min(1).max(65_536) });
const Paged = z.object({ per_page: z.coerce.number().max(100).optional() });

/** A repository at GitHub with comments under its issues, and no code that could be read. */
export async function githubDouble(repository = 'acme/tap') {
  /** By id, the newest version first. */
  const comments = new Map<string, string[]>();
  const vendor = await listening(async (request) => {
    const { path: pathname, query, method, headers, body } = await askOf(request);
    const refused = stranger(headers) ?? strange({ method, path: request.url ?? '', body });
    if (refused) return refused;
    const path = pathname.replace(`/repos/${repository}/issues`, '');
    const [, id] = /^\/comments\/(\d+)$/.exec(path) ?? [];
    const isThere = id ? comments.has(id) : /^\/\d+\/comments$/.test(path);
    if (!isThere) return { status: 404, body: { message: 'Not Found' } };
    return method === 'GET' ? list(comments, query) : write(comments, id, body);
  });
  return { ...vendor, repository, comments };
}

function strange(call: Pick<Call, 'method' | 'path' | 'body'>): Reply | undefined {
  const unlike = unlikeGitHub({ ...call, status: 422 });
  return unlike.length > 0 ? { status: 422, body: { message: unlike.join('; ') } } : undefined;
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
