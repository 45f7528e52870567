import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendStream, sendWhole } from './answer.ts';
import { type BatchReply, type BatchTrouble, scriptedBatches } from './batches.ts';
import { type PromptCache, promptCache, promptTokens } from './cache.ts';
import { replayed } from './cassettes.ts';
import { messageOf } from './message.ts';
import { described } from './models.ts';
import { perform } from './perform.ts';
import { errorBody, isRefusal, refusal } from './refusal.ts';
import { CountRequest, checked, MessagesRequest, OldMessagesRequest, parsed } from './request.ts';
import { checkConversation, checkHeaders, checkOutput } from './rules.ts';
import { loadScripts, type Script, type Trouble } from './script.ts';

export interface ModelOptions {
  /** The folder of scripts; read again for every request, so that an edited script plays at once. */
  folder: string;
  /** The only API key that is let in. */
  key: string;
  /** A folder of real answers, which go before scripts. */
  cassettes?: string;
  batches?: BatchTrouble;
  /** What the prompt cache goes by; epoch milliseconds. */
  now?: () => number;
}

export type HandleModel = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const MESSAGES = 'POST /v1/messages';
const MAX_BODY = 32 * 1024 * 1024;

interface Asked {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  body: unknown;
  isOld: boolean;
  betas: string[];
  cache: PromptCache;
}

/**
 * A stand-in for the Messages API that plays scripts. But for batches and its prompt cache it keeps nothing between requests:
 * what it says follows from the conversation it is sent. It checks requests as strictly as the real one, and refuses what no script covers.
 */
export function scriptedModel({
  folder,
  key,
  cassettes,
  batches: trouble,
  now = Date.now,
}: ModelOptions): HandleModel {
  const cache = promptCache(now);
  const batches = scriptedBatches((params) => answered(params, loadScripts(folder), cache), trouble);
  return async (request, response) => {
    const requestId = `req_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
    try {
      const path = new URL(request.url ?? '/', 'http://model.local').pathname;
      const route = `${request.method} ${path}`;
      const headers = checkHeaders(request.headers, key);
      const text = await read(request);
      const reply = modelReply(route) ?? batches({ route, text, host: request.headers.host ?? '' });
      if (reply) return whole(response, reply, requestId);
      const body = parsed(text);
      const asked = { request, response, requestId, body, cache, ...headers };
      const real = cassettes && route === MESSAGES ? replayed(cassettes, body, now()) : undefined;
      if (real) send(response, { requestId, ...real });
      else await answer(route, asked, folder);
    } catch (error) {
      fail(response, error, requestId);
    }
  };
}

async function answer(route: string, asked: Asked, folder: string): Promise<void> {
  if (route === MESSAGES) await converse(asked, loadScripts(folder));
  else if (route === 'POST /v1/messages/count_tokens') count(asked);
  else throw refusal(404, `The scripted model does not implement ${route}`);
}

function whole(response: ServerResponse, reply: BatchReply, requestId: string): void {
  if (reply === 'lost') response.destroy();
  else send(response, { requestId, ...reply });
}

function modelReply(route: string): { body: object } | undefined {
  const [, model] = /^GET \/v1\/models\/([\w.-]+)$/.exec(route) ?? [];
  return model ? { body: described(model) } : undefined;
}

async function converse(asked: Asked, scripts: readonly Script[]): Promise<void> {
  const { request, response, requestId, body, isOld, betas, cache } = asked;
  const wanted = checked<MessagesRequest>(isOld ? OldMessagesRequest : MessagesRequest, body);
  checkConversation(wanted, betas);
  checkOutput(wanted);
  const performance = perform(scripts, wanted);
  const trouble = present(performance.turn.trouble, Number(request.headers['x-stainless-retry-count'] ?? 0));
  if (trouble?.status) return refuse(asked, trouble, trouble.status);
  const message = messageOf(wanted, performance, cache);
  if (wanted.stream) return sendStream(message, { response, requestId, trouble });
  sendWhole(message, { response, requestId, trouble });
}

/** An item of a batch, half as dear. */
function answered(params: unknown, scripts: readonly Script[], cache: PromptCache): object {
  const wanted = checked<MessagesRequest>(MessagesRequest, params);
  checkConversation(wanted, []);
  checkOutput(wanted);
  const message = messageOf(wanted, perform(scripts, wanted), cache);
  return { ...message, usage: { ...message.usage, service_tier: 'batch' } };
}

function count({ body, betas, response, requestId }: Asked): void {
  const wanted = checked(CountRequest, body);
  checkConversation(wanted, betas);
  send(response, { requestId, body: { input_tokens: promptTokens(wanted) } });
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
  type?: string;
  headers?: Record<string, string> | undefined;
  requestId: string;
  /** JSON, unless it is text already. */
  body: object | string;
}

function send(
  response: ServerResponse,
  { status = 200, type = 'application/json', headers, requestId, body }: Reply,
): void {
  response.writeHead(status, { 'content-type': type, 'request-id': requestId, ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
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
