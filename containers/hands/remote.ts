import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { basename } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Fault } from '#core/fault.ts';
import { egressProxy } from '../egress/proxy.ts';
import type { Hands, Policy } from '../hands.ts';
import { pack, unpack } from './files.ts';
import { greeted } from './greeting.ts';
import { About, Done } from './messages.ts';
import type { Brain } from './serve.ts';

/** Where hands of another task or process are waited for. */
export interface Reception {
  port: number;
  token: string;
  /** The hands, once they have come; throws `Unavailable` when they do not. They come once, and go when this process ends or closes them. */
  hands(signal?: AbortSignal): Promise<Hands>;
  close(): void;
}

const ARRIVAL_LIMIT = 5 * 60_000;

/** Waits for hands at a port of ours. What they may reach is asked of us as well, so the policy stays on our side. */
export async function reception(policy: Policy, at: Pick<Brain, 'host' | 'port'>): Promise<Reception> {
  const token = randomBytes(32).toString('hex');
  const proxy = egressProxy({ onDenied: () => {}, ...policy });
  const arrived = Promise.withResolvers<Socket>();
  const server = createServer(async (socket) => {
    const purpose = await greeted(socket, token);
    if (purpose === 'calls') arrived.resolve(socket.unref());
    if (purpose === 'out') proxy.emit('connection', socket);
  });
  server.listen(at.port, at.host).unref();
  await once(server, 'listening');
  const close = () => {
    server.close();
    proxy.close();
    proxy.closeAllConnections();
  };
  return {
    port: (server.address() as AddressInfo).port,
    token,
    hands: async (signal) => remote(await soon(arrived.promise, signal), close),
    close,
  };
}

function soon(arrived: Promise<Socket>, signal?: AbortSignal): Promise<Socket> {
  const late = AbortSignal.any([AbortSignal.timeout(ARRIVAL_LIMIT), ...(signal ? [signal] : [])]);
  return new Promise((resolve, reject) => {
    const never = () => reject(new Fault('Unavailable', 'The task that runs commands did not come'));
    late.addEventListener('abort', never, { once: true });
    arrived.then(resolve, reject);
  });
}

async function remote(socket: Socket, close: () => void): Promise<Hands> {
  const session = connect('http://hands', { createConnection: () => socket });
  session.on('error', () => {});
  const about = About.parse(JSON.parse(await asked(session, '/about')));
  const preferred: string[] = [];
  return {
    ...about,
    run: async ({ signal, ...command }) =>
      Done.parse(JSON.parse(await ran(session, JSON.stringify({ ...command, preferred }), signal))),
    own: async (path) => {
      const call = opened(session, `/write?${new URLSearchParams({ path })}`);
      await Promise.all([accepted(call).then(() => whole(call)), pack(path, call)]);
    },
    take: async (path) => {
      const call = opened(session, `/read?${new URLSearchParams({ path })}`).end();
      // Read from the start: a stream that is over before anybody listens counts as broken off.
      const body = new PassThrough();
      const passed = pipeline(call, body);
      passed.catch(() => {});
      await accepted(call);
      await Promise.all([passed, unpack(body, `${path}.taken`, basename(path))]);
      return `${path}.taken`;
    },
    sweep: async () => void (await asked(session, '/sweep')),
    close: async () => {
      session.destroy();
      close();
    },
    prefer: (folder) => void preferred.unshift(folder),
  };
}

function opened(session: ClientHttp2Session, path: string): ClientHttp2Stream {
  if (session.destroyed) throw gone();
  const call = session.request({ ':method': 'POST', ':path': path }, { endStream: false });
  return call.on('error', () => {});
}

async function asked(session: ClientHttp2Session, path: string): Promise<string> {
  const call = opened(session, path).end();
  await accepted(call);
  return whole(call);
}

/** Our side of the call stays open until the command is to stop. */
async function ran(session: ClientHttp2Session, command: string, signal?: AbortSignal): Promise<string> {
  const call = opened(session, '/exec');
  const stop = () => void call.end();
  call.write(`${command}\n`);
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await accepted(call);
    return await whole(call);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

function accepted(call: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    call.once('close', () => reject(gone()));
    call.once('response', ({ ':status': status }) =>
      status === 200 ? resolve() : reject(new Fault('Unavailable', 'The task that runs commands failed to')),
    );
  });
}

function gone(): Fault {
  return new Fault('Unavailable', 'The task that runs commands is gone');
}

/** Outputs are cut where they are made; this is for hands that do not. */
const MOST_ANSWER = 100_000_000;

async function whole(call: ClientHttp2Stream): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of call as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_ANSWER) throw new Fault('TooLarge', 'The task that runs commands says too much');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
