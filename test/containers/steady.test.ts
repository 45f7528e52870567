import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SendTaskHeartbeatCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterEach, expect, it } from 'vitest';
import { steady, untilAnswered } from '#containers/steady.ts';
import { Fault } from '#core/fault.ts';

let server: Server | undefined;
afterEach(() => void server?.close());

async function listening(port = 0): Promise<number> {
  server = createServer((_, response) => response.end('{}'));
  await new Promise<void>((done) => server?.listen(port, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

it('goes on asking AWS until it is back', async () => {
  const port = await listening();
  await new Promise((done) => server?.close(done));
  const client = new SFNClient({
    ...{ endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', maxAttempts: 1 },
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  setTimeout(() => void listening(port), 700);

  const answer = await untilAnswered(() => client.send(new SendTaskHeartbeatCommand({ taskToken: 't' })));

  expect(answer.$metadata.httpStatusCode).toBe(200);
});

it('repeats nothing that was answered with a no', async () => {
  let calls = 0;
  const port = steady({
    ask: async () => {
      calls++;
      throw new Fault('NotFound', 'no');
    },
  });

  await expect(port.ask()).rejects.toThrow('no');
  expect(calls).toBe(1);
});

it('ends at once when stopped', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const ask = () => Promise.reject(new Fault('Unavailable', 'away'));

  await expect(untilAnswered(ask, stop.signal)).rejects.toThrow();
});
