import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { accountOf } from './access.ts';
import type { Context } from './context.ts';
import { isProblem, problem } from './problem.ts';
import { codeRoutes } from './rest-code.ts';
import { issueRoutes } from './rest-issues.ts';
import { pullRoutes } from './rest-pulls.ts';
import { reviewRoutes } from './rest-reviews.ts';
import type { Answer, Route } from './route.ts';

const PREFIX = '/api/v3';
const MAX_BODY = 8 * 1024 * 1024;

const all = { ...issueRoutes, ...codeRoutes, ...pullRoutes, ...reviewRoutes };
const routes = Object.entries(all).map(([name, route]) => {
  const [method = '', path = ''] = name.split(' ');
  const pattern = path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)').replaceAll(/\*(\w+)/g, '(?<$1>.+)');
  return { method, pattern: new RegExp(`^${pattern}$`), route };
});

export function isRest(url: URL): boolean {
  return url.pathname === PREFIX || url.pathname.startsWith(`${PREFIX}/`);
}

/** Answers a request below `/api/v3` as GitHub Enterprise would. */
export async function rest(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await reply(context, request).catch(troubled);
  const { body } = answer;
  const raw = typeof body === 'string' || Buffer.isBuffer(body);
  response.writeHead(answer.status, {
    'content-type': answer.type ?? 'application/json; charset=utf-8',
    'x-github-request-id': randomUUID(),
    'x-github-media-type': 'github.v3; format=json',
    ...answer.headers,
  });
  response.end(body === undefined || raw ? body : JSON.stringify(body));
}

async function reply(context: Context, request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '/', context.origin());
  const account = accountOf(request.headers, context.accounts);
  const method = request.method ?? 'GET';
  const { route, params } = find(method, url.pathname.slice(PREFIX.length));
  const body = await bodyOf(request);
  const accept = request.headers.accept ?? '';
  return route({ context, account, params, query: url.searchParams, body, accept, url });
}

function find(method: string, path: string): { route: Route; params: Record<string, string> } {
  for (const { method: wanted, pattern, route } of routes) {
    const match = wanted === method && pattern.exec(path);
    if (match) return { route, params: decoded(match.groups ?? {}) };
  }
  throw problem(404, `The local forge does not implement ${method} ${path}`);
}

function decoded(groups: Record<string, string>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([key, value]) => [key, decodeURIComponent(value)]));
  } catch {
    throw problem(404, 'Not Found');
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw problem(413, 'Request body is too large');
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw problem(400, 'Problems parsing JSON');
  }
}

function troubled(error: unknown): Answer {
  if (!isProblem(error)) {
    const message = `Server Error: ${error instanceof Error ? error.message : String(error)}`;
    return { status: 500, body: { message, status: '500' } };
  }
  const { status, message, errors } = error;
  const documentation_url = 'https://docs.github.com/rest';
  return { status, body: { message, ...(errors && { errors }), documentation_url, status: String(status) } };
}
