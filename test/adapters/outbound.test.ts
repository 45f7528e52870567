import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendOut } from '#adapters/outbound.ts';

let server: Server;
let port = 0;
const heard: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    heard.push(request.url ?? '');
    if (request.url === '/away') response.writeHead(302, { location: '/elsewhere' }).end();
    else response.end('x'.repeat(200_000));
  }).listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

const send = (url: string, isPrivate = false) =>
  sendOut({ url, isPrivate, headers: {}, body: '{}' }).then(
    ({ status }) => status,
    ({ code }) => code,
  );

describe('what is sent to an address that somebody else has chosen', () => {
  it.each([
    ['plain HTTP', () => 'http://example.com/'],
    ['this machine', () => `https://127.0.0.1:${port}/`],
    ['this machine in IPv6', () => `https://[::1]:${port}/`],
    ['this machine in disguise', () => `https://[::ffff:127.0.0.1]:${port}/`],
    ['this machine as one number', () => `https://2130706433:${port}/`],
    ['this machine by name', () => `https://localhost:${port}/`],
    ['where credentials are', () => 'https://169.254.169.254/latest/meta-data/'],
    ['a private network', () => 'https://10.0.0.1/'],
    ['a name with a password', () => 'https://a:b@example.com/'],
  ])('does not go to %s', async (_, url) => {
    expect(await send(url())).toBe('Forbidden');
    expect(heard).toEqual([]);
  });

  it('goes to a private network only when the operator says so, and nowhere further', async () => {
    expect(await send(`http://localhost:${port}/hook`, true)).toBe(200);
    expect(await send(`http://localhost:${port}/away`, true)).toBe(302);
    expect(heard).toEqual(['/hook', '/away']);
  });

  it('reads no more of an answer than it needs', async () => {
    const { text } = await sendOut({
      url: `http://localhost:${port}/`,
      isPrivate: true,
      headers: {},
      body: '',
    });

    expect(text.length).toBeLessThan(150_000);
  });
});
