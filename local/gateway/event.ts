import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ACCOUNT } from '../identities.ts';
import type { Found } from './routes.ts';

/** A request as it arrived. */
export interface Received {
  message: IncomingMessage;
  body: Buffer;
  apiId: string;
  now: number;
}

/** API Gateway consumes these itself. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'cookie',
]);

/** HTTP APIs pass only these as text, whatever else is in a body; forms, and bodies without a type, come in base64. */
const TEXT = /^(text\/[^;]*|application\/(json|xml|javascript))\s*(;|$)/i;

/** The event of payload format 2.0. The path is decoded, the query string is as it was sent. */
export function eventOf({ message, body, apiId, now }: Received, { route, parameters }: Found): object {
  const { path, query } = target(message.url);
  const headers = headersOf(message);
  const cookies = (message.headers.cookie ?? '').split(/;\s*/).filter(Boolean);
  const base64 = !isText(headers['content-type'], body);
  const domainName = headers.host ?? 'localhost';
  return {
    version: '2.0',
    routeKey: route.key,
    rawPath: path,
    rawQueryString: query,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(query && { queryStringParameters: queryOf(query) }),
    requestContext: {
      accountId: ACCOUNT,
      apiId,
      domainName,
      domainPrefix: domainName.split('.')[0],
      http: {
        method: message.method,
        path,
        protocol: `HTTP/${message.httpVersion}`,
        sourceIp: message.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: route.key,
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now,
    },
    ...(parameters && { pathParameters: parameters }),
    ...(body.length > 0 && { body: body.toString(base64 ? 'base64' : 'utf8') }),
    isBase64Encoded: body.length > 0 && base64,
  };
}

/** The decoded path and the query string of a request line. A path that does not decode stays as it is. */
export function target(url = '/'): { path: string; query: string } {
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  const query = at < 0 ? '' : url.slice(at + 1);
  try {
    return { path: decodeURIComponent(path), query };
  } catch {
    return { path, query };
  }
}

function headersOf({ headersDistinct, socket }: IncomingMessage): Record<string, string> {
  const given = Object.entries(headersDistinct).filter(([name]) => !HOP_BY_HOP.has(name));
  const headers = Object.fromEntries(given.map(([name, values = []]) => [name, values.join(',')]));
  const address = socket.remoteAddress ?? '127.0.0.1';
  const before = headers['x-forwarded-for'];
  return {
    ...headers,
    'x-amzn-trace-id': headers['x-amzn-trace-id'] ?? `Root=1-${randomUUID()}`,
    'x-forwarded-for': before ? `${before}, ${address}` : address,
    'x-forwarded-port': String(socket.localPort),
    'x-forwarded-proto': 'http',
  };
}

function queryOf(query: string): Record<string, string> {
  const joined: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    joined[name] = name in joined ? `${joined[name]},${value}` : value;
  }
  return joined;
}

/** Bytes that are not UTF-8 would not survive as text, so that signatures over them would break. */
function isText(type: string | undefined, body: Buffer): boolean {
  return TEXT.test(type ?? '') && Buffer.from(body.toString('utf8')).equals(body);
}

/** `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(now: number): string {
  const [, day, month, year, time] =
    /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(now).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}
