import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dynamoDeliveries } from '#adapters/dynamodb/deliveries.ts';
import { dynamoTickets } from '#adapters/dynamodb/tickets.ts';
import { localAws } from '../support/aws.ts';
import { type Happening, happenings, nameOf, ORGS, signedHeaders, titleOf } from './load.ts';

const { SIGNALBOX_FULL } = process.env;
const SENT = SIGNALBOX_FULL ? 10_000 : 200;
const KILLS = SIGNALBOX_FULL ? 10 : 2;
const SENDERS = 50;

let folder = '';
let port = 0;
let child: ChildProcess | undefined;
const agent = new Agent({ keepAlive: true, maxSockets: SENDERS });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-storm-'));
  port = await freePort();
  await start();
}, 120_000);
afterAll(() => {
  child?.kill('SIGKILL');
  agent.destroy();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

async function start(): Promise<void> {
  const args = ['test/intake/doors.ts', folder, String(port)];
  const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  child = started;
  for await (const chunk of started.stdout ?? []) if (String(chunk).includes('ready')) break;
  started.stdout?.resume();
}

async function kill(): Promise<void> {
  const dying = child;
  dying?.kill('SIGKILL');
  if (dying && dying.signalCode === null) await once(dying, 'exit');
  await start();
}

interface Sending {
  happening: Happening;
  again: boolean;
}

/** Two thirds are told once, one third once more; all of it mixed, the same for the same size. */
function sendings(): Sending[] {
  const all = happenings(Math.ceil((SENT * 2) / 3));
  const doubled = all.slice(0, SENT - all.length);
  const list = [...all.map((one) => [one, false] as const), ...doubled.map((one) => [one, true] as const)];
  let state = 42;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state;
  };
  return list
    .map(([happening, again]) => ({ happening, again, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank);
}

/** One delivery as its provider makes it; undefined when nobody answers. */
function post({ happening, again }: Sending, source: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const path = `/webhooks/${happening.org}/${source}`;
    const headers = { 'content-type': 'application/json', ...signedHeaders(happening, again) };
    const sent = request({ agent, host: '127.0.0.1', port, path, method: 'POST', headers }, (response) => {
      response.resume().once('close', () => resolve(response.complete ? response.statusCode : undefined));
    });
    sent.once('error', () => resolve(undefined));
    sent.end(happening.body);
  });
}

interface Measured {
  seconds: number;
  /** Milliseconds of each answered one. */
  times: number[];
  refused: number[];
}

/** Sends it until somebody answers; the status, and the milliseconds of the try that was answered. */
async function insist(one: Sending, source: string): Promise<{ status: number; ms: number }> {
  for (;;) {
    const at = performance.now();
    const status = await post(one, source);
    if (status !== undefined && status < 500) return { status, ms: performance.now() - at };
    await sleep(50);
  }
}

/** Everything to one door by 50 senders side by side. `onAnswer` hears how many are answered. */
async function storm(
  list: Sending[],
  doorOf: (sending: Sending) => string,
  onAnswer: (done: number) => void = () => {},
): Promise<Measured> {
  const queue = [...list];
  const times: number[] = [];
  const refused: number[] = [];
  const began = performance.now();
  const sender = async () => {
    for (let one = queue.shift(); one; one = queue.shift()) {
      const { status, ms } = await insist(one, doorOf(one));
      times.push(ms);
      if (status >= 300) refused.push(status);
      onAnswer(times.length);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  return { seconds: (performance.now() - began) / 1000, times, refused };
}

function figures(name: string, { seconds, times }: Measured): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
  return `storm ${name}: ${times.length} deliveries, ${Math.round(times.length / seconds)}/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms\n`;
}

/** Everything behind pages, from the first to the last. */
async function every<T>(page: (cursor?: string) => Promise<{ items: T[]; cursor?: string }>): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  do {
    const next = await page(cursor);
    all.push(...next.items);
    cursor = next.cursor;
  } while (cursor);
  return all;
}

/** What an organization has more or less of than what happened there. */
async function wrongIn(org: string, happened: Happening[]): Promise<string[]> {
  const tickets = dynamoTickets('Tickets', 'Deliveries');
  const deliveries = dynamoDeliveries('Deliveries');
  const found = await every(async (cursor) => {
    const { tickets: items, ...more } = await tickets.list(org, { limit: 100, ...(cursor && { cursor }) });
    return { items, ...more };
  });
  const kept = await every(async (cursor) => {
    const { deliveries: items, ...more } = await deliveries.list(org, {
      limit: 100,
      ...(cursor && { cursor }),
    });
    return { items, ...more };
  });
  const newest = new Map(happened.map((one) => [nameOf(one), titleOf(one)]));
  const titles = new Map(found.map(({ externalId, title }) => [externalId, title]));
  const ids = new Set(kept.map(({ id }) => id.replace(/-again$/, '')));
  return [
    ...(found.length === newest.size ? [] : [`${org}: ${found.length} tickets of ${newest.size} requests`]),
    ...(kept.length === happened.length ? [] : [`${org}: ${kept.length} kept of ${happened.length}`]),
    ...happened.filter(({ id }) => !ids.has(id)).map(({ id }) => `${org}: ${id} is lost`),
    ...[...newest].filter(([name, title]) => titles.get(name) !== title).map(([name]) => `${org}: ${name}`),
  ];
}

it('keeps every delivery and makes exactly one ticket of each request, whatever dies', {
  timeout: 3_600_000,
}, async () => {
  const list = sendings();
  const github = list.filter(({ happening }) => happening.source === 'github');
  const bare = await storm(github, () => 'bare');
  let killed = 0;
  let dying = Promise.resolve();
  const whole = await storm(
    list,
    ({ happening }) => happening.source,
    (done) => {
      if (killed >= KILLS || done < ((killed + 1) * list.length) / (KILLS + 1)) return;
      killed += 1;
      dying = dying.then(kill);
    },
  );
  await dying;
  process.stdout.write(figures('bare handler', bare) + figures(`through ${killed} kills`, whole));
  child?.kill('SIGTERM');
  if (child) await once(child, 'exit');

  const aws = await localAws({ folder });
  const happened = happenings(Math.ceil((SENT * 2) / 3));
  const wrong: string[] = [];
  for (const org of ORGS)
    wrong.push(
      ...(await wrongIn(
        org,
        happened.filter((one) => one.org === org),
      )),
    );
  await aws.stop();

  expect(whole.refused).toEqual([]);
  expect(wrong).toEqual([]);
  expect(killed).toBe(KILLS);
});
