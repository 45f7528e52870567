import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Fault } from '#core/fault.ts';
import { visible } from '#core/visible.ts';
import { AwsError } from '../aws/service.ts';
import { PAGE_POLICY } from '../mailbox/page.ts';
import { perform } from './acts.ts';
import { type Asked, type Inside, withoutTokens } from './inside.ts';
import { problemPage, viewPage } from './pages.ts';
import { overview, views } from './views.ts';

/** What the paths of the inspection begin with: no bucket can have such a name. */
export const PREFIX = '/_local';

/** Rows that are answered unless more are asked for. */
export const LIMIT = 200;

interface Path extends Asked {
  view: string;
  act: string;
}

const HOSTS = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Shows what is inside the local AWS: pages for people, JSON for programs. Only to this machine, and only its own pages may change anything. */
export function inspection(inside: Inside) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { clock } = inside;
    try {
      refuseStrangers(request);
      const asked = askedBy(request);
      if (request.method === 'POST') return await change(inside, asked, { request, response });
      const data = await dataOf(inside, asked);
      if (isForProgram(request)) return send(response, 200, { json: data, clock });
      send(response, 200, { html: viewPage(asked, { data, now: clock.now() }), clock });
    } catch (error) {
      const { message } = error as Error;
      const status = statusOf(error);
      if (isForProgram(request)) return send(response, status, { json: { message }, clock });
      send(response, status, { html: problemPage(message), clock });
    }
  };
}

/** `/_local/VIEW/NAME/ACT`, each of them one segment of the path. */
function askedBy({ url = '/' }: IncomingMessage): Path {
  const { pathname, searchParams: query } = new URL(url, 'http://aws.local');
  const [view = '', name = '', act = ''] = pathname
    .slice(PREFIX.length + 1)
    .split('/')
    .map(decodeURIComponent);
  const of = (field: string) => query.get(field) ?? '';
  const limit = of('limit') || String(LIMIT);
  if (!/^[1-9]\d{0,3}$/.test(limit))
    throw new AwsError('Invalid', `limit ${limit} is not from 1 to 9999`, 400);
  return {
    ...{ view, name, act, limit: Number(limit) },
    ...{ key: of('key'), machine: of('machine'), status: of('status') },
  };
}

/** A page of another site may reach this machine by a name that it made to lead here, and may post forms. */
function refuseStrangers({ headers, method }: IncomingMessage): void {
  if (!HOSTS.test(headers.host ?? ''))
    throw new AwsError('Forbidden', 'Only this machine looks in here', 403);
  const { origin, 'sec-fetch-site': site } = headers;
  if (method === 'GET' || method === 'HEAD') return;
  if (method !== 'POST') throw new AwsError('MethodNotAllowed', 'Only GET and POST', 405);
  if (origin !== undefined && origin !== `http://${headers.host}`)
    throw new AwsError('Forbidden', 'Not from another page', 403);
  if (site !== undefined && site !== 'same-origin')
    throw new AwsError('Forbidden', 'Not from another page', 403);
}

function statusOf(error: unknown): number {
  if (error instanceof AwsError) return error.status;
  return error instanceof Fault || error instanceof URIError ? 400 : 500;
}

function isForProgram({ headers }: IncomingMessage): boolean {
  return !headers.accept?.includes('text/html');
}

function dataOf(inside: Inside, asked: Path): unknown {
  if (asked.view === '') return overview(inside);
  const found = Object.hasOwn(views, asked.view) && views[asked.view];
  if (found) return found(inside, asked);
  const known = Object.keys(views).join(', ');
  throw new AwsError('NotFound', `There is no view ${asked.view}; there are ${known}`, 404);
}

async function change(
  inside: Inside,
  path: Path,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const done = await perform(inside, path, new URLSearchParams(await text(request)));
  if (isForProgram(request)) return send(response, 200, { json: done, clock: inside.clock });
  response.writeHead(303, { location: `${PREFIX}/${path.view}` }).end();
}

/** Its time is the local AWS's own: what is shown as so long ago is so by that clock. */
function send(
  response: ServerResponse,
  status: number,
  { clock, ...body }: ({ json: unknown } | { html: string }) & Pick<Inside, 'clock'>,
): void {
  const isPage = 'html' in body;
  response.writeHead(status, {
    'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json',
    'content-security-policy': PAGE_POLICY,
    'cache-control': 'no-store',
    date: new Date(clock.now()).toUTCString(),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  response.end(withoutTokens(isPage ? visible(body.html) : JSON.stringify(body.json, null, 2)));
}
