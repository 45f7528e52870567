import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type * as z from 'zod/mini';
import { log } from '#adapters/log.ts';
import { Fault, type FaultCode } from '#core/fault.ts';
import { once } from './once.ts';

/** A request with its body as the raw bytes that were sent: signatures are over these, never over a re-encoding. */
export interface Request {
  event: APIGatewayProxyEventV2;
  raw: Buffer;
  /** The same bytes as UTF-8. */
  text: string;
  /** Names in lower case, as API Gateway gives them. */
  headers: Record<string, string | undefined>;
  params: Record<string, string | undefined>;
  query: Record<string, string | undefined>;
  /** As sent by the browser, `name → value`. */
  cookies: Record<string, string>;
}

export interface Reply {
  status: number;
  /** JSON, unless `html` or `asset` is given. */
  body?: unknown;
  html?: string;
  asset?: { type: string; bytes: Buffer };
  headers?: Record<string, string>;
  cookies?: string[];
}

export type Route = (request: Request) => Promise<Reply>;

const STATUS: Record<FaultCode, number> = {
  Invalid: 400,
  Unauthorized: 401,
  OverBudget: 402,
  Forbidden: 403,
  NotFound: 404,
  Conflict: 409,
  Gone: 410,
  TooLarge: 413,
  TooMany: 429,
  Unavailable: 503,
};

/** Bytes of body that any route takes: API Gateway passes 10 MB, a ticket never needs this. */
const MAX_BODY = 1_000_000;

/** On every response that our functions give; pages add their own content policy. */
const SAFE = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
};

/** Wraps every function in `http/`: wired on first use, a fault is its status with what to do next, anything else is a 500 that says nothing. */
export function http<Env>(env: z.core.$ZodType<Env>, wire: (env: Env) => Promise<Route>) {
  const route = once(env, wire);
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .onError((request) => {
      request.response = problem(request.error);
    })
    .handler(async (event) => reply(await (await route())(requestOf(event))));
}

function requestOf(event: APIGatewayProxyEventV2): Request {
  const raw = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (raw.length > MAX_BODY)
    throw new Fault('TooLarge', `The body has ${raw.length} bytes; the limit is ${MAX_BODY}`);
  return {
    event,
    raw,
    text: raw.toString('utf8'),
    headers: event.headers ?? {},
    params: event.pathParameters ?? {},
    query: event.queryStringParameters ?? {},
    cookies: Object.fromEntries((event.cookies ?? []).map(cookiePair)),
  };
}

function cookiePair(cookie: string): [string, string] {
  const at = cookie.indexOf('=');
  return [cookie.slice(0, at).trim(), cookie.slice(at + 1)];
}

function problem(error: unknown): APIGatewayProxyStructuredResultV2 {
  if (error instanceof Fault) {
    return reply({ status: STATUS[error.code], body: { error: error.code, message: error.message } });
  }
  log.error('unexpected', { error });
  return reply({
    status: 500,
    body: { error: 'Internal', message: 'Something went wrong on our side; try again later' },
  });
}

function reply({ status, body, html, asset, headers, cookies }: Reply): APIGatewayProxyStructuredResultV2 {
  const base = { statusCode: status, ...(cookies && { cookies }) };
  if (asset) {
    const type = { 'content-type': asset.type };
    return {
      ...base,
      headers: { ...SAFE, ...type, ...headers },
      body: asset.bytes.toString('base64'),
      isBase64Encoded: true,
    };
  }
  if (html !== undefined) {
    return {
      ...base,
      headers: { ...SAFE, 'content-type': 'text/html; charset=utf-8', ...headers },
      body: html,
    };
  }
  if (body === undefined) return { ...base, headers: { ...SAFE, ...headers } };
  return {
    ...base,
    headers: { ...SAFE, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}
