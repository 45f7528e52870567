import { createHmac, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { importSPKI, jwtVerify } from 'jose';
import { unlikeGitHub } from './vendors/published.ts';

/** A delivery as GitHub lists it. */
interface Attempt {
  id: number;
  guid: string;
  delivered_at: string;
  redelivery: boolean;
  duration: number;
  status: string;
  status_code: number;
  event: string;
  action: string | null;
  installation_id: number | null;
  repository_id: number | null;
  throttled_at: null;
}

interface Kept extends Attempt {
  payload: object;
}

/** A GitHub Enterprise that makes Apps of manifests, installs them, delivers, keeps a log, and delivers again: as its API says, on the wire. */
export interface GitHubDouble {
  url: string;
  /** The newest first. */
  log: Kept[];
  /** Every path that was asked for, with its query. */
  asked: string[];
  /** Where asking and answering were not as GitHub's published description has them. */
  unlike: string[];
  /** Manifests that were posted. */
  manifests: Record<string, unknown>[];
  secrets: string[];
  /** Requests that the rate limit still allows. */
  left: number;
  /** Somebody installs the App. */
  install(login: string): void;
  /** Something happens; `lost` is not sent at all. */
  fire(event: string, payload: object, options?: { lost?: boolean; at?: string }): Promise<void>;
  stop(): Promise<void>;
}

type Reply = [status: number, body: unknown, headers?: Record<string, string>];

interface App {
  id: number;
  pem: string;
  publicKey: string;
  secret: string;
  hook: string;
}

/** With `isPingLost` GitHub cannot reach the product when it makes the App. `page`: deliveries that one page has at most. */
export async function githubDouble({ page = 100, isPingLost = false } = {}): Promise<GitHubDouble> {
  const installed: { id: number; account: { login: string } }[] = [];
  const codes = new Map<string, App>();
  let app: App | undefined;
  let count = 0;

  async function deliver(
    attempt: Omit<Kept, keyof Attempt> & Pick<Attempt, 'guid' | 'event' | 'redelivery'>,
    given: { lost?: boolean; at?: string } = {},
  ) {
    const body = JSON.stringify(attempt.payload);
    const status = given.lost ? 502 : await send(app as App, { ...attempt, body });
    count += 1;
    const { action = null } = attempt.payload as { action?: string };
    double.log.unshift({
      ...attempt,
      ...{ id: count, delivered_at: given.at ?? new Date().toISOString(), duration: 0.1, action },
      ...{ status: status < 300 ? 'OK' : 'Invalid HTTP Response', status_code: status },
      ...{ installation_id: null, repository_id: null, throttled_at: null },
    });
  }

  async function made(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const manifest = JSON.parse(new URLSearchParams(await text(request)).get('manifest') ?? '');
    double.manifests.push(manifest);
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    count += 1;
    app = {
      id: count,
      pem: String(privateKey.export({ type: 'pkcs1', format: 'pem' })),
      publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })),
      secret: randomBytes(20).toString('hex'),
      hook: manifest.hook_attributes.url,
    };
    double.secrets.push(app.secret, app.pem);
    const code = randomBytes(10).toString('hex');
    codes.set(code, app);
    const payload = { zen: 'Speak like a human.', hook_id: 1 };
    await deliver({ guid: randomUUID(), event: 'ping', redelivery: false, payload }, { lost: isPingLost });
    const to = new URL(manifest.redirect_url);
    to.searchParams.set('code', code);
    to.searchParams.set('state', url.searchParams.get('state') ?? '');
    response.writeHead(302, { location: to.href }).end();
  }

  /** Status and body for the App, whose JWT has to be good. */
  async function answer(request: IncomingMessage, url: URL): Promise<Reply> {
    const path = url.pathname.replace('/api/v3', '');
    const code = /^\/app-manifests\/(\w+)\/conversions$/.exec(path)?.[1];
    if (code) return converted(code);
    if (!app || !(await isFrom(app, request)))
      return [401, { message: 'A JSON web token could not be decoded' }];
    if (double.left <= 0) return [403, { message: 'API rate limit exceeded' }, { 'retry-after': '60' }];
    double.left -= 1;
    const again = /^\/app\/hook\/deliveries\/(\d+)\/attempts$/.exec(path)?.[1];
    if (again && request.method === 'POST') return redelivered(Number(again));
    const page = `${double.url}/apps/signalbox-demo`;
    const known: Record<string, () => Reply | Promise<Reply>> = {
      'GET /app': () => [200, { id: app?.id, slug: 'signalbox-demo', html_url: page }],
      'GET /app/installations': () => [200, installed],
      'GET /app/hook/config': () => [200, { url: app?.hook, content_type: 'json', secret: '********' }],
      'PATCH /app/hook/config': () => patched(app as App, request),
      'GET /app/hook/deliveries': () => listed(url),
    };
    return known[`${request.method} ${path}`]?.() ?? [404, { message: 'Not Found' }];
  }

  function redelivered(id: number): Reply {
    const found = double.log.find((one) => one.id === id);
    if (!found) return [404, { message: 'Not Found' }];
    void deliver({ guid: found.guid, event: found.event, payload: found.payload, redelivery: true });
    return [202, {}];
  }

  function converted(code: string): [number, unknown] {
    const made = codes.get(code);
    codes.delete(code);
    if (!made) return [404, { message: 'Not Found' }];
    const named = { id: made.id, slug: 'signalbox-demo', html_url: `${double.url}/apps/signalbox-demo` };
    return [
      201,
      { ...named, pem: made.pem, webhook_secret: made.secret, client_id: 'Iv1', client_secret: 'x' },
    ];
  }

  async function patched(of: App, request: IncomingMessage): Promise<[number, unknown]> {
    const { url, secret } = JSON.parse(await text(request));
    Object.assign(of, { hook: url, secret });
    double.secrets.push(secret);
    return [200, { url, content_type: 'json', secret: '********' }];
  }

  function listed({ searchParams }: URL): [number, unknown, Record<string, string>] {
    const before = Number(searchParams.get('cursor')?.slice('v1_'.length) ?? Number.POSITIVE_INFINITY);
    const all = double.log.filter(({ id }) => id < before);
    const some = all.slice(0, Math.min(page, Number(searchParams.get('per_page') ?? 30)));
    const next = `<${double.url}/api/v3/app/hook/deliveries?per_page=${page}&cursor=v1_${some.at(-1)?.id}>; rel="next"`;
    return [200, some.map(({ payload: _, ...one }) => one), all.length > some.length ? { link: next } : {}];
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', double.url);
    double.asked.push(`${request.method} ${url.pathname}${url.search}`);
    if (url.pathname.endsWith('/settings/apps/new')) return made(request, response, url);
    const [status, body, headers] = await answer(request, url);
    const path = `${url.pathname.replace('/api/v3', '')}${url.search}`;
    double.unlike.push(...unlikeGitHub({ method: request.method ?? 'GET', path, status, answer: body }));
    const limits = { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': String(double.left) };
    response.writeHead(status, { 'content-type': 'application/json', ...limits, ...headers });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const double: GitHubDouble = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ log: [], asked: [], unlike: [], manifests: [], secrets: [], left: 5_000 },
    install: (login) => installed.push({ id: 700 + installed.length, account: { login } }),
    fire: (event, payload, options) =>
      deliver({ guid: randomUUID(), event, payload, redelivery: false }, options),
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return double;
}

async function isFrom({ id, publicKey }: App, { headers }: IncomingMessage): Promise<boolean> {
  const token = /^bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (!token) return false;
  const proof = await jwtVerify(token, await importSPKI(publicKey, 'RS256')).catch(() => undefined);
  return String(proof?.payload.iss) === String(id);
}

/** What the receiver answers; 502 for none. */
async function send(
  { hook, secret }: App,
  { guid, event, body }: { guid: string; event: string; body: string },
): Promise<number> {
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const headers = {
    ...{ 'content-type': 'application/json', 'user-agent': 'GitHub-Hookshot/0000000' },
    ...{ 'x-github-delivery': guid, 'x-github-event': event, 'x-hub-signature-256': signature },
  };
  return fetch(hook, { method: 'POST', headers, body }).then(
    ({ status }) => status,
    () => 502,
  );
}
