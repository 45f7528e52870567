import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

let server: Server;
let heard: string[];
/** How long whoever waits for the task does without a beat before another gets the work. */
let patience: number;
let lastBeat: number;
let isGivenUp: boolean;
let task: ChildProcess;
beforeEach(async () => {
  heard = [];
  patience = Number.POSITIVE_INFINITY;
  isGivenUp = false;
  server = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).replace('AWSStepFunctions.', '');
    isGivenUp ||= Date.now() - lastBeat > patience;
    if (!isGivenUp) heard.push(operation);
    lastBeat = Date.now();
    response.writeHead(isGivenUp ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(isGivenUp ? '{"__type":"TaskTimedOut"}' : '{}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterEach(() => {
  task.kill('SIGKILL');
  server.close();
});

/** Starts it; answers what it printed so far, whenever asked. */
function start(mode: string): { printed: () => string; ended: Promise<number | null> } {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  task = spawn(process.execPath, [join(import.meta.dirname, 'hangs.ts'), mode], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...{ PATH: process.env.PATH ?? '', AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: url },
      ...{ AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    },
  });
  let printed = '';
  for (const stream of [task.stdout, task.stderr])
    stream?.on('data', (chunk) => {
      printed += chunk;
    });
  return { printed: () => printed, ended: new Promise((done) => task.on('close', done)) };
}

const beats = () => heard.filter((operation) => operation === 'SendTaskHeartbeat').length;
const times = (text: string, what: string) => text.split(what).length - 1;

it('beats while something moves', { timeout: 60_000 }, async () => {
  start('works');

  await vi.waitFor(() => expect(beats()).toBeGreaterThan(1), 50_000);
});

it('stops beating when nothing moves, though its timers run', { timeout: 60_000 }, async () => {
  const { printed } = start('idles');
  const untilTold = (often: number) =>
    vi.waitFor(() => expect(times(printed(), 'nothing moves')).toBeGreaterThan(often), 50_000);
  await untilTold(1);
  const before = beats();
  await untilTold(3);

  expect(beats()).toBe(before);
});

it('does not beat between two hangs of its event loop', { timeout: 60_000 }, async () => {
  const { printed } = start('stutters');
  await vi.waitFor(() => expect(times(printed(), 'event loop hung')).toBeGreaterThan(1), 50_000);

  expect(beats()).toBe(0);
});

it('loses its task while it hangs, and answers nothing afterwards', { timeout: 60_000 }, async () => {
  const { ended, printed } = start('hangs');
  await vi.waitFor(() => expect(beats()).toBeGreaterThan(0), 50_000);
  patience = 1_000;
  task.send('hang');

  expect(await ended, printed()).toBe(143);
  expect(isGivenUp).toBe(true);
  expect(heard).not.toContain('SendTaskSuccess');
});
