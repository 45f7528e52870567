import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { html } from '#adapters/html/html.ts';
import { CommandError, EXIT } from '../terminal.ts';

interface Asked {
  web: string;
  owner: string | undefined;
  manifest: (redirect: string) => object;
  say: (text: string) => void;
  patienceMs: number;
}

/** What the App may do and hears of: what the product uses, and nothing else. */
export function manifestOf({
  org,
  url,
  hook,
  redirect,
}: {
  org: string;
  url: string;
  hook: string;
  redirect: string;
}) {
  return {
    name: `Signalbox ${org}`,
    url,
    hook_attributes: { url: hook, active: true },
    redirect_url: redirect,
    public: false,
    default_permissions: { contents: 'write', issues: 'write', metadata: 'read', pull_requests: 'write' },
    default_events: [
      'issues',
      'issue_comment',
      'pull_request',
      'pull_request_review',
      'pull_request_review_comment',
    ],
  };
}

/** Serves a page on this machine that hands the manifest to GitHub, until GitHub sends the browser back with a code. */
export async function codeFromGitHub({ web, owner, manifest, say, patienceMs }: Asked): Promise<string> {
  const state = randomBytes(16).toString('hex');
  const at = owner ? `/organizations/${encodeURIComponent(owner)}/settings/apps/new` : '/settings/apps/new';
  const action = `${new URL(at, web)}?state=${state}`;
  const code = Promise.withResolvers<string>();
  const server = createServer((request, response) =>
    answer(request, response, {
      state,
      page: () => form(action, manifest(`${here()}/made`)),
      done: code.resolve,
    }),
  );
  const here = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  say(`Open this page and press its button: ${here()}/`);
  const late = setTimeout(() => code.reject(tooLate()), patienceMs);
  try {
    return await code.promise;
  } finally {
    clearTimeout(late);
    server.close();
    server.closeAllConnections();
  }
}

function tooLate(): CommandError {
  return new CommandError('Nobody came back from GitHub in time: nothing was made here.', EXIT.later);
}

/** Another page could send a browser here with a code of its own: only the state that we gave counts. */
function answer(
  { url = '' }: IncomingMessage,
  response: ServerResponse,
  { state, page, done }: { state: string; page: () => string; done: (code: string) => void },
): void {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const code = searchParams.get('code');
  const isBack = pathname === '/made' && code && searchParams.get('state') === state;
  const isStart = pathname === '/';
  const said = isBack ? wrapped(BACK) : isStart ? page() : wrapped(NOTHING);
  response.writeHead(isBack || isStart ? 200 : 404, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  });
  response.end(said, () => isBack && done(code));
}

const BACK = html`<p>The App is made. Go on in the terminal.</p>`;
const NOTHING = html`<p>There is nothing here.</p>`;

function form(action: string, manifest: object): string {
  return wrapped(html`<form method="post" action="${action}">
    <input type="hidden" name="manifest" value="${JSON.stringify(manifest)}">
    <p>GitHub asks you for a name, and makes the App: private, for what Signalbox needs and nothing else.</p>
    <button>Make the App at GitHub</button>
  </form>`);
}

function wrapped(body: ReturnType<typeof html>): string {
  return html`<!doctype html><meta charset="utf-8"><title>Signalbox</title>${body}`.toString();
}
