import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendStream, sendWhole } from './answer.ts';
import { messageOf } from './message.ts';
import { described } from './models.ts';
import { perform } from './perform.ts';
import { errorBody, isRefusal, refusal } from './refusal.ts';
import { CountRequest, checked, MessagesRequest, OldMessagesRequest } from './request.ts';
import { checkConversation, checkHeaders, checkOutput } from './rules.ts';
import { loadScripts, type Script, type Trouble } from './script.ts';
import { tokens } from './usage.ts';

export interface ModelOptions {
  /** The folder of scripts; read again for every request, so that an edited script plays at once. */
  folder: string;
  /** The only API key that is let in. */
  key: string;
}

export type HandleModel = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const MAX_BODY = 32 * 1024 * 1024;

interface Asked {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  body: unknown;
  isOld: boolean;
  betas: string[];
}

/**
 * A stand-in for the Messages API that plays scripts. It keeps nothing between requests: what it says follows from
 * the conversation it is sent. It checks requests as strictly as the real one, and refuses what no script covers.
 */
export function scriptedModel({ folder, key }: ModelOptions): HandleModel {
  return async (request, response) => {
    const requestId = `req_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
    try {
      const path = new URL(request.url ?? '/', 'http://model.local').pathname;
      const route = `${request.method} ${path}`;
      const headers = checkHeaders(request.headers, key);
      const [, model] = /^GET \/v1\/models\/([\w.-]+)$/.exec(route) ?? [];
      if (model) return send(response, { requestId, body: described(model) });
      const body = parsed(await read(request));
      const asked = { request, response, requestId, body, ...headers };
      if (route === 'POST /v1/messages') return await converse(asked, loadScripts(folder));
      if (route === 'POST /v1/messages/count_tokens') return count(asked);
      throw refusal(404, `The scripted model does not implement ${route}`);
    } catch (error) {
      fail(response, error, requestId);
    }
  };
}

async function converse(asked: Asked, scripts: readonly Script[]): Promise<void> {
  const { request, response, requestId, body, isOld, betas } = asked;
  const wanted = checked<MessagesRequest>(isOld ? OldMessagesRequest : MessagesRequest, body);
  checkConversation(wanted, betas);
  checkOutput(wanted);
  const performance = perform(scripts, wanted);
  const trouble = present(performance.turn.trouble, Number(request.headers['x-stainless-retry-count'] ?? 0));
  if (trouble?.status) return refuse(asked, trouble, trouble.status);
  const message = messageOf(wanted, performance);
  if (wanted.stream) return sendStream(message, { response, requestId, trouble });
  sendWhole(message, { response, requestId, trouble });
}

function count({ body, betas, response, requestId }: Asked): void {
  const wanted = checked(CountRequest, body);
  checkConversation(wanted, betas);
  const { system, tools, messages } = wanted;
  send(response, { requestId, body: { input_tokens: tokens(system) + tokens(tools) + tokens(messages) } });
}

/** The trouble as long as it lasts: `attempts` counts the SDK's own retries of one call. */
function present(trouble: Trouble | undefined, retry: number): Trouble | undefined {
  return trouble && retry < (trouble.attempts ?? Number.POSITIVE_INFINITY) ? trouble : undefined;
}

function refuse({ response, requestId }: Asked, { message, headers }: Trouble, status: number): void {
  send(response, {
    status,
    headers,
    requestId,
    body: errorBody(status, message ?? 'Scripted trouble', requestId),
  });
}

function fail(response: ServerResponse, error: unknown, requestId: string): void {
  if (response.headersSent) return void response.destroy();
  const status = isRefusal(error) ? error.status : 500;
  const message = error instanceof Error ? error.message : String(error);
  send(response, { status, requestId, body: errorBody(status, message, requestId) });
}

interface Reply {
  status?: number;
  headers?: Record<string, string> | undefined;
  requestId: string;
  body: object;
}

function send(response: ServerResponse, { status = 200, headers, requestId, body }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': requestId, ...headers });
  response.end(JSON.stringify(body));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refusal(400, 'The request body is not valid JSON');
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw refusal(413, 'Request exceeds the maximum size');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
