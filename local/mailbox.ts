import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Mail, Ses } from './aws/ses.ts';
import { listPage } from './mailbox/list-page.ts';
import { mailPage } from './mailbox/mail-page.ts';
import { PAGE_POLICY } from './mailbox/page.ts';
import { sentPage } from './mailbox/sent-page.ts';
import type { Vendors } from './vendors/vendors.ts';

interface From {
  ses: Pick<Ses, 'mails' | 'mail'>;
  vendors?: Vendors;
  now?: () => number;
}

/**
 * Shows every mail that the product sent: `/`, `/mails/{id}`, and `/mails.json` for tools; and what it said elsewhere: `/sent`
 * and `/sent.json`. Vendors are answered for here, too.
 */
export function mailbox({ ses, vendors, now = Date.now }: From) {
  const pages = mailPages(ses, now);
  return async function handle(request: IncomingMessage, response: ServerResponse) {
    if (request.url === '/sent') return html(response, sentPage(vendors?.sent() ?? [], now()));
    if (request.url === '/sent.json') return json(response, vendors?.sent() ?? []);
    if (!(await vendors?.answer(request, response))) pages(request, response);
  };
}

function mailPages(ses: From['ses'], now: () => number) {
  return function handle(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '/', 'http://mailbox.local');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, 405, 'text/plain', 'Only GET.');
    const recipient = url.searchParams.get('to') ?? '';
    if (url.pathname === '/') return html(response, listPage(ses.mails(), { recipient, now: now() }));
    if (url.pathname === '/mails.json') return json(response, received(ses.mails(), recipient));
    const id = /^\/mails\/([\w-]+)$/.exec(url.pathname)?.[1];
    const mail = id && ses.mail(id);
    if (!mail) return send(response, 404, 'text/plain', 'No such mail.');
    html(response, mailPage(mail, { asText: url.searchParams.get('view') === 'text', now: now() }));
  };
}

/** The mails that have reached a recipient; all of them without one. */
function received(mails: Mail[], recipient: string): Mail[] {
  return mails.filter(({ to, cc, bcc }) => !recipient || [...to, ...cc, ...bcc].includes(recipient));
}

function html(response: ServerResponse, body: string): void {
  send(response, 200, 'text/html; charset=utf-8', body);
}

function json(response: ServerResponse, value: unknown): void {
  send(response, 200, 'application/json', JSON.stringify(value));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-security-policy': PAGE_POLICY,
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
