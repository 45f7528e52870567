import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AwsError, FunctionError, type Invoke } from '#local/aws/service.ts';
import { systemClock } from '#local/clock.ts';
import { type Gateway, gateway } from '#local/gateway/gateway.ts';

// biome-ignore lint/suspicious/noExplicitAny: the event is what is under test
type Event = any;

const ROUTES = {
  'POST /webhooks/{org}/jira': 'jira',
  'GET /api/issues': 'issues',
  'GET /api/issues/{id}': 'issue',
  'GET /api/issues/latest': 'latest',
  'GET /api/{proxy+}': 'api',
  'ANY /any': 'any',
  'GET /any': 'get-any',
  $default: 'default',
};

let subject: Gateway;
let server: Server;
let base: string;
let seen: { name: string; event: Event }[];
let reply: (name: string) => unknown;

beforeEach(async () => {
  seen = [];
  reply = () => ({ statusCode: 204 });
  const invoke: Invoke = async (name, event) => {
    seen.push({ name, event });
    return reply(name);
  };
  subject = gateway(systemClock(), invoke);
  subject.defineApi('api1', { Name: 'Api', ProtocolType: 'HTTP' });
  for (const [RouteKey, name] of Object.entries(ROUTES)) {
    const IntegrationUri = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
    const integration = { IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '2.0', TimeoutInMillis: 500 };
    subject.defineIntegration(name, { ...integration, IntegrationUri });
    subject.defineRoute({ RouteKey, Target: `integrations/${name}`, AuthorizationType: 'NONE' });
  }
  server = createServer(subject.handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function event(path: string, init?: RequestInit): Promise<Event> {
  await fetch(base + path, init);
  return seen.at(-1)?.event;
}

describe('routes', () => {
  it.each([
    ['POST', '/webhooks/acme/jira', 'jira', { org: 'acme' }],
    ['GET', '/api/issues', 'issues', undefined],
    ['GET', '/api/issues/latest', 'latest', undefined],
    ['GET', '/api/issues/tk_1', 'issue', { id: 'tk_1' }],
    ['GET', '/api/issues/a%2Fb', 'api', { proxy: 'issues/a/b' }],
    ['GET', '/api/runs/1/lines', 'api', { proxy: 'runs/1/lines' }],
    ['GET', '/any', 'get-any', undefined],
    ['PUT', '/any', 'any', undefined],
    ['GET', '/any/', 'default', undefined],
    ['POST', '/api/issues', 'default', undefined],
    ['GET', '/api/', 'default', undefined],
    ['GET', '/webhooks//jira', 'default', undefined],
  ])('%s %s goes to %s', async (method, path, name, parameters) => {
    const { pathParameters } = await event(path, { method });

    expect(seen).toEqual([{ name: expect.stringMatching(`:${name}$`), event: expect.anything() }]);
    expect(pathParameters).toEqual(parameters);
  });

  it('answers 404 where no route fits and there is no $default', async () => {
    const bare = createServer(gateway(systemClock(), async () => null).handle);
    await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
    const response = await fetch(`http://127.0.0.1:${(bare.address() as AddressInfo).port}/x`);
    bare.close();

    expect([response.status, await response.json()]).toEqual([404, { message: 'Not Found' }]);
  });

  it.each([
    [
      'an authorizer',
      () => subject.defineRoute({ RouteKey: 'GET /x', Target: 'integrations/api', AuthorizationType: 'JWT' }),
    ],
    [
      'payload format 1.0',
      () => subject.defineIntegration('x', { IntegrationType: 'AWS_PROXY', PayloadFormatVersion: '1.0' }),
    ],
    ['a WebSocket API', () => subject.defineApi('x', { ProtocolType: 'WEBSOCKET' })],
    ['CORS', () => subject.defineApi('x', { ProtocolType: 'HTTP', CorsConfiguration: {} })],
    ['a named stage', () => subject.defineStage({ StageName: 'prod' })],
  ])('refuses %s', (_, define) => {
    expect(define).toThrow(/does not implement/);
  });
});

describe('the event', () => {
  it('is of payload format 2.0', async () => {
    const headers = { 'content-type': 'application/json', 'X-Thing': 'One', cookie: 'a=1; b=2=3' };
    const given = await event('/webhooks/acme/jira?x=1&y=a%20b&x=2', {
      method: 'POST',
      headers,
      body: '{"é":1}',
    });

    expect(given).toMatchObject({
      version: '2.0',
      routeKey: 'POST /webhooks/{org}/jira',
      rawPath: '/webhooks/acme/jira',
      rawQueryString: 'x=1&y=a%20b&x=2',
      cookies: ['a=1', 'b=2=3'],
      headers: { 'content-type': 'application/json', 'x-thing': 'One', host: base.slice(7) },
      queryStringParameters: { x: '1,2', y: 'a b' },
      pathParameters: { org: 'acme' },
      body: '{"é":1}',
      isBase64Encoded: false,
    });
    expect(given.headers.cookie).toBeUndefined();
    expect(given.requestContext).toMatchObject({
      accountId: '000000000000',
      apiId: 'api1',
      http: { method: 'POST', path: '/webhooks/acme/jira', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
      routeKey: 'POST /webhooks/{org}/jira',
      stage: '$default',
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      timeEpoch: expect.any(Number),
    });
  });

  it('joins repeated headers and decodes the path', async () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.end('GET /sp%20ace HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\nConnection: close\r\n\r\n');
    await text(socket);

    expect(seen[0]?.event).toMatchObject({ rawPath: '/sp ace', headers: { 'x-a': '1,2' } });
    expect(seen[0]?.event.body).toBeUndefined();
  });

  it.each([
    ['text/plain', 'hi', false],
    ['application/json; charset=utf-8', '{}', false],
    ['application/x-www-form-urlencoded', 'a=1', true],
    ['application/octet-stream', 'hi', true],
    ['application/json', Buffer.from([0x22, 0xff, 0x22]), true],
  ])('holds a body of %s as it came', async (type, body, base64) => {
    const given = await event('/any', { method: 'POST', headers: { 'content-type': type }, body });

    expect(given.isBase64Encoded).toBe(base64);
    expect(Buffer.from(given.body, base64 ? 'base64' : 'utf8')).toEqual(Buffer.from(body));
  });
});

async function get(result: unknown): Promise<Response> {
  reply = () => result;
  return fetch(`${base}/any`, { redirect: 'manual' });
}

describe('the answer', () => {
  it('is what the function says', async () => {
    const cookies = ['a=1; Secure', 'b=2'];
    const response = await get({
      statusCode: 303,
      headers: { Location: '/x', 'X-Number': 1 },
      cookies,
      body: 'go',
    });

    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toBe('/x');
    expect(response.headers.get('x-number')).toBe('1');
    expect(response.headers.getSetCookie()).toEqual(cookies);
    expect(await response.text()).toBe('go');
  });

  it('decodes base64', async () => {
    const response = await get({
      statusCode: 200,
      isBase64Encoded: true,
      body: Buffer.from([0, 255]).toString('base64'),
    });

    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from([0, 255]));
  });

  it.each([
    ['an object', { a: 1 }, '{"a":1}'],
    ['a string', 'plain', 'plain'],
  ])('takes %s as a JSON body', async (_, result, body) => {
    const response = await get(result);

    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      ...[200, 'application/json', body],
    ]);
  });
});

describe('the gateway itself', () => {
  it.each([
    ['throws', new FunctionError('Error', 'x'), 500, 'Internal Server Error'],
    ['is throttled', new AwsError('TooManyRequestsException', 'x', 429), 503, 'Service Unavailable'],
    [
      'cannot take so much',
      new AwsError('RequestTooLargeException', 'x', 413),
      413,
      'Request Entity Too Large',
    ],
    ['is not there', new AwsError('ResourceNotFoundException', 'x', 404), 500, 'Internal Server Error'],
  ])('answers when the function %s', async (_, error, status, message) => {
    reply = () => {
      throw error;
    };
    const response = await fetch(`${base}/any`);

    expect([response.status, await response.json()]).toEqual([status, { message }]);
  });

  it('answers 500 when the function answers nonsense, 503 when it answers too late', async () => {
    expect((await get({ statusCode: 'no' })).status).toBe(500);
    expect((await get(new Promise(() => {}))).status).toBe(503);
  });

  it('answers 413 to a body of more than 10 MB', async () => {
    const send = (size: number) => fetch(`${base}/any`, { method: 'POST', body: Buffer.alloc(size) });

    expect((await send(10 * 1024 * 1024)).status).toBe(204);
    expect((await send(10 * 1024 * 1024 + 1)).status).toBe(413);
    expect(seen).toHaveLength(1);
  });
});
