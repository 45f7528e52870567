import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { gitEnvironment, SAFE_CONFIG } from './git.ts';

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  /** The folder that holds `owner/name.git`. */
  root: string;
  /** The path below the root, for example `/acme/tap.git/info/refs`. */
  path: string;
  query: string;
  /** Who pushes; absent for a reader. */
  login?: string;
  /** Runs when git is done and before the client is told so, however git ended. */
  done?: () => Promise<void>;
}

const HEADER_LIMIT = 64 * 1024;

/** Lets git's own CGI program answer; resolves once the exchange has ended, well or not. Never rejects. */
export function httpBackend(exchange: Exchange): Promise<void> {
  const { request, response, root, done } = exchange;
  const settings = ['-c', 'uploadpack.allowAnySHA1InWant=true', '-c', 'receive.hideRefs=refs/pull'];
  const child = spawn('git', [...SAFE_CONFIG, ...settings, 'http-backend'], {
    cwd: root,
    env: gitEnvironment(root, cgiVariables(exchange)),
  });
  child.stderr.resume();
  child.stdin.on('error', () => {}); // it may answer without reading the whole body
  pipeline(request, child.stdin, () => {});
  response.on('close', () => child.kill());
  answer(child, response);
  return new Promise((resolve) => {
    child.on('error', () => {}); // git could not be started or stopped; 'close' follows either way
    child.on('close', async (code) => {
      const isAnnounced = await (done?.() ?? Promise.resolve()).then(
        () => true,
        () => false,
      );
      if (code === 0 && response.headersSent && isAnnounced) response.end();
      else fail(response);
      resolve();
    });
  });
}

function cgiVariables({ request, root, path, query, login }: Exchange): Record<string, string> {
  const variables: Record<string, string | undefined> = {
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GATEWAY_INTERFACE: 'CGI/1.1',
    SERVER_PROTOCOL: 'HTTP/1.1',
    REQUEST_METHOD: request.method,
    PATH_INFO: path,
    QUERY_STRING: query,
    CONTENT_TYPE: request.headers['content-type'],
    CONTENT_LENGTH: request.headers['content-length'],
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
    GIT_PROTOCOL: request.headers['git-protocol'] as string | undefined,
    REMOTE_ADDR: request.socket.remoteAddress,
    REMOTE_USER: login,
  };
  return Object.fromEntries(Object.entries(variables).filter((pair): pair is [string, string] => !!pair[1]));
}

/** Passes the program's answer on: its header block becomes the status and headers, the rest streams. */
function answer(child: ChildProcessWithoutNullStreams, response: ServerResponse): void {
  let head = Buffer.alloc(0);
  const read = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0 && head.length < HEADER_LIMIT) return;
    child.stdout.off('data', read);
    if (end < 0) return fail(response);
    begin(response, head.subarray(0, end).toString());
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response, { end: false });
  };
  child.stdout.on('data', read);
}

function begin(response: ServerResponse, block: string): void {
  const headers = new Map(block.split('\r\n').map((line) => cut(line)));
  const status = Number.parseInt(headers.get('status') ?? '200', 10);
  headers.delete('status');
  response.writeHead(status, Object.fromEntries(headers));
}

function cut(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** A program that died must never look like a complete answer. */
function fail(response: ServerResponse): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(502, { 'content-type': 'text/plain' }).end('git ended without an answer\n');
}
