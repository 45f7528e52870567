import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import * as z from 'zod';
import { http, type Route } from '#functions/http.ts';

export interface Sent {
  method?: string;
  path: string;
  id?: string;
  /** Path parameters besides `id`. */
  params?: Record<string, string>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  cookies?: Record<string, string>;
  body?: string;
}

export interface Answer {
  statusCode: number;
  headers: Record<string, string>;
  cookies: string[];
  body: string;
}

/** A request as API Gateway hands it to a function: payload format 2.0, names in lower case, a base64 body for forms. */
export function event(sent: Sent): APIGatewayProxyEventV2 {
  const { method = 'GET', path, id, params, query, headers = {}, cookies = {}, body } = sent;
  const given = {
    version: '2.0',
    rawPath: path,
    rawQueryString: new URLSearchParams(query).toString(),
    headers,
    cookies: Object.entries(cookies).map(([name, value]) => `${name}=${value}`),
    queryStringParameters: query,
    pathParameters: { ...params, ...(id && { id }) },
    requestContext: {
      http: { method, path, sourceIp: '192.0.2.1', protocol: 'HTTP/1.1', userAgent: 'test' },
    },
    body: body === undefined ? undefined : Buffer.from(body).toString('base64'),
    isBase64Encoded: body !== undefined,
  };
  return given as unknown as APIGatewayProxyEventV2;
}

/** Sends a request through the wrapper that every function in `http/` has. */
export async function send(route: Route, sent: Sent): Promise<Answer> {
  const handler = http(z.object({}), async () => route);
  const answer = await handler(event(sent), {} as Context);
  return { headers: {}, cookies: [], body: '', ...answer } as Answer;
}

/** The cookies that an answer sets, as a browser would send them back. */
export function jar({ cookies }: Answer): Record<string, string> {
  const pairs = cookies.map((cookie) => cookie.split(';')[0]?.split('=') ?? []);
  return Object.fromEntries(pairs.map(([name, ...value]) => [name, value.join('=')]));
}
