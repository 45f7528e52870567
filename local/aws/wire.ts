import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AwsError, type Operations, type Rest, type RestReply, refuse } from './service.ts';

export interface Services {
  /** By the prefix of `X-Amz-Target`: `DynamoDB_20120810`, `AmazonSQS`, `AWSStepFunctions`, … */
  json: Record<string, Operations>;
  /** By the service name in the request's signature: `s3`, `ses`, `lambda`, `scheduler`. */
  rest: Record<string, Rest>;
}

const MAX_BODY = 64 * 1024 * 1024;

/** Speaks AWS's wire protocols (JSON by target header, REST by signing name) for the services given. */
export function wireServer(services: Services): Server {
  return createServer((request, response) => {
    answer(services, request, response).catch((error) => fail(response, error));
  });
}

async function answer(services: Services, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await read(request);
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') return answerJson(services.json, target, body, response);
  const signed = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1];
  const rest = services.rest[signed ?? ''] ?? refuse(`requests signed for "${signed ?? 'nothing'}"`);
  const url = new URL(request.url ?? '/', 'http://aws.local');
  send(
    response,
    await rest({
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers as Record<string, string | undefined>,
      body,
    }),
  );
}

async function answerJson(
  services: Record<string, Operations>,
  target: string,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const [prefix = '', operation = ''] = target.split('.');
  const run = services[prefix]?.[operation] ?? refuse(target);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const result = await run(JSON.parse(body.toString() || '{}'), { signal: gone.signal });
  send(response, {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify(result ?? {}),
  });
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new AwsError('RequestEntityTooLarge', 'Request body is too large', 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, headers, body }: RestReply): void {
  response.writeHead(status, { 'x-amzn-requestid': randomUUID(), ...headers });
  response.end(body);
}

function fail(response: ServerResponse, error: unknown): void {
  const known =
    error instanceof AwsError ? error : new AwsError('InternalFailure', String((error as Error)?.stack), 500);
  if (response.headersSent) return void response.destroy();
  send(response, {
    status: known.status,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': known.code },
    body: JSON.stringify({ __type: known.code, message: known.message, ...known.detail }),
  });
}
