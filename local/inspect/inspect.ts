import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { milliseconds } from '#core/duration.ts';
import { AwsError } from '../aws/service.ts';
import { call } from '../call.ts';
import { PAGE_POLICY } from '../mailbox/page.ts';
import type { Inside } from './inside.ts';
import { viewPage } from './pages.ts';
import { overview, views } from './views.ts';

/** What the paths of the inspection begin with: no bucket can have such a name. */
export const PREFIX = '/_local';

const HOSTS = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/** Shows what is inside the local AWS: pages for people, JSON for programs. Only to this machine, and only its own pages may change anything. */
export function inspection(inside: Inside) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      refuseStrangers(request);
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://aws.local');
      const [view = '', name = '', act = ''] = pathname.slice(PREFIX.length + 1).split('/');
      if (request.method === 'POST') return await change(inside, { view, name, act }, { request, response });
      const data = await dataOf(inside, { view, name, query: searchParams });
      const title = decodeURIComponent(name.split('%3A').at(-1) ?? '') || view || 'Local AWS';
      if (isForProgram(request)) return send(response, 200, { json: data });
      send(response, 200, { html: viewPage(title, view || 'overview', { data, now: inside.clock.now() }) });
    } catch (error) {
      const { status = 500, message } = error as AwsError;
      send(response, status, { json: { message } });
    }
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

function isForProgram({ headers }: IncomingMessage): boolean {
  return !headers.accept?.includes('text/html');
}

function dataOf(
  inside: Inside,
  { view, name, query }: { view: string; name: string; query: URLSearchParams },
): unknown {
  if (view === '') return overview(inside);
  const found = views[view];
  if (found) return found(inside, { name: decodeURIComponent(name), query });
  throw new AwsError('NotFound', `There is no view ${view}; there are ${Object.keys(views).join(', ')}`, 404);
}

interface Change {
  view: string;
  name: string;
  act: string;
}

async function change(
  inside: Inside,
  { view, name, act }: Change,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const fields = new URLSearchParams(await text(request));
  const done = perform(inside, { view, name: decodeURIComponent(name), act }, fields);
  if (isForProgram(request)) return send(response, 200, { json: await done });
  await done;
  response.writeHead(303, { location: `${PREFIX}/${view}` }).end();
}

async function perform(
  { services, clock }: Inside,
  { view, name, act }: Change,
  fields: URLSearchParams,
): Promise<unknown> {
  const what = `${view}/${act || name}`;
  if (what === 'clock/forward') {
    clock.forward(milliseconds(fields.get('by') ?? ''));
    return { now: new Date(clock.now()).toISOString() };
  }
  if (what === 'queues/redrive') {
    const { arn } = services.queues.queue(`arn:aws:sqs:us-east-1:000000000000:${name}`);
    return call(services.queues.operations, 'StartMessageMoveTask', { SourceArn: arn });
  }
  if (what === 'schedules/run') {
    const [service, ...rest] = name.split(':');
    const own = service === 'events' ? services.bus : services.schedules;
    own.runNow(rest.join(':'));
    return { ran: rest.join(':') };
  }
  throw new AwsError('NotFound', `There is nothing to do at ${what}`, 404);
}

function send(response: ServerResponse, status: number, body: { json: unknown } | { html: string }): void {
  const isPage = 'html' in body;
  response.writeHead(status, {
    'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json',
    'content-security-policy': PAGE_POLICY,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  response.end(isPage ? body.html : JSON.stringify(body.json, null, 2));
}
