import { lookup } from 'node:dns/promises';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isPublic } from '#adapters/addresses.ts';
import { type Destination, destination, refusal } from '#core/agents/egress.ts';
import { Fault } from '#core/fault.ts';

export interface Denial {
  /** `host:port`, as far as it could be read. */
  to: string;
  why: string;
}

export interface Caps {
  /** Bytes that all tunnels together may send out; what could be carried away. */
  up: number;
  down: number;
  tunnels: number;
  /** Milliseconds without a byte in either direction. */
  idle: number;
}

export interface ProxyOptions {
  /** See `HostPattern`. */
  hosts: readonly string[];
  onDenied(denial: Denial): void;
  caps?: Partial<Caps>;
  /** Counts what is passed on, beginning with what it says already. */
  carried?: Carried;
  /** Every address of a name; the system's resolver unless given. */
  resolve?: (host: string) => Promise<string[]>;
  mayConnect?: (address: string) => boolean;
}

const CAPS: Caps = { up: 20_000_000, down: 2_000_000_000, tunnels: 64, idle: 60_000 };
const CONNECT_LIMIT = 10_000;
const HEADERS_LIMIT = 10_000;

/** Bytes passed on. */
export interface Carried {
  up: number;
  down: number;
}

interface Spent extends Carried {
  tunnels: number;
}

/**
 * A proxy that knows CONNECT only. A name is judged before it is resolved, so that none can carry anything out; it is
 * resolved once, every address of it is judged, and what was judged is what is connected to.
 */
export function egressProxy(options: ProxyOptions): Server {
  const spent = Object.assign(options.carried ?? { up: 0, down: 0 }, { tunnels: 0 });
  const server = createServer((request, response) => {
    options.onDenied({ to: String(request.headers.host), why: 'only CONNECT is passed on: use https' });
    response.writeHead(405, { connection: 'close' }).end('Only CONNECT is passed on: use https\n');
  });
  server.headersTimeout = HEADERS_LIMIT;
  server.on('connect', (request, client, head) => {
    client.on('error', () => client.destroy());
    void pass({ options, spent, client, head }, request.url ?? '');
  });
  server.on('clientError', (_error, client) => client.destroy());
  return server;
}

interface Asking {
  options: ProxyOptions;
  spent: Spent;
  client: Duplex;
  /** What the client sent without waiting. */
  head: Buffer;
}

async function pass(asking: Asking, authority: string): Promise<void> {
  const { options, spent, client } = asking;
  const { tunnels } = { ...CAPS, ...options.caps };
  spent.tunnels++;
  client.once('close', () => spent.tunnels--);
  try {
    if (spent.tunnels > tunnels) throw new Fault('TooMany', `more than ${tunnels} connections at once`);
    const to = destination(authority);
    const upstream = await reach(await judged(options, to), to.port);
    tunnel(asking, upstream, authority);
  } catch (error) {
    const why = error instanceof Fault ? error.message : 'it could not be reached';
    const isDenied = error instanceof Fault && error.code !== 'Unavailable';
    if (isDenied) options.onDenied({ to: authority.slice(0, 260), why });
    const status = isDenied ? '403 Forbidden' : '502 Bad Gateway';
    client.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n${why}\n`);
  }
}

/** An address of a destination that may be connected to. One that is not public is enough to refuse them all. */
async function judged({ hosts, resolve = addresses, mayConnect = isPublic }: ProxyOptions, to: Destination) {
  const why = refusal(hosts, to);
  if (why) throw new Fault('Forbidden', why);
  const found = await resolve(to.host).catch(() => []);
  const [first] = found;
  if (!first) throw new Fault('Unavailable', `${to.host} has no address`);
  const inside = found.find((address) => !mayConnect(address));
  if (inside) throw new Fault('Forbidden', `its address ${inside} is not on the internet`);
  return first;
}

async function addresses(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function reach(address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, timeout: CONNECT_LIMIT });
    const fail = () => {
      socket.destroy();
      reject(new Fault('Unavailable', 'it could not be reached'));
    };
    socket.once('timeout', fail).once('error', fail);
    socket.once('connect', () => {
      socket.off('timeout', fail).off('error', fail);
      resolve(socket);
    });
  });
}

function tunnel({ options, spent, client, head }: Asking, upstream: Socket, to: string): void {
  const caps = { ...CAPS, ...options.caps };
  const end = () => {
    client.destroy();
    upstream.destroy();
  };
  const count = (way: 'up' | 'down', bytes: number) => {
    spent[way] += bytes;
    if (spent[way] <= caps[way] || client.destroyed) return;
    options.onDenied({ to, why: `more than ${caps[way]} bytes ${way === 'up' ? 'sent' : 'received'}` });
    end();
  };
  upstream.setTimeout(caps.idle, end);
  upstream.on('error', end);
  client.on('close', end);
  client.on('data', (chunk: Buffer) => count('up', chunk.length));
  upstream.on('data', (chunk: Buffer) => count('down', chunk.length));
  client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  client.unshift(head);
  client.pipe(upstream).pipe(client);
}
