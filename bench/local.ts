import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fetched, up } from '../test/oracles/engines.ts';
import { loopTable } from './agent-loop.ts';
import { decisions } from './approvals.ts';
import { breakerDelays } from './breaker.ts';
import { load as cpu, type Engine, inFolder, killedAfter, memory, withEngine } from './engine.ts';
import { load, type Rates } from './load.ts';
import { exponent, print, ratio } from './print.ts';
import { intake } from './webhook.ts';

/**
 * `npm run bench [-- --full] [-- --json]`: the local AWS beside ministack and DynamoDB Local, in one run on one machine, and
 * how its cost grows with what it holds. Ratios mean something, seconds do not. `--full` goes to a million items.
 */
const isFull = process.argv.includes('--full');
const SIZES = isFull ? [1_000, 10_000, 100_000, 1_000_000] : [1_000, 10_000, 100_000];
const TICKETS = isFull ? [0, 1_000, 5_000] : [0, 500];
const WAITING = [10, 100, 1_000, 10_000];
const QUEUE = 'http://sqs.local/000000000000/Bench';
const OURS = 'local AWS';

type Measured = Rates & { peakMegabytes: number };

/** What it can be asked for; what it gets wrong is no rate. */
async function measured(name: string, child: ChildProcess, endpoint: string): Promise<Measured> {
  const by = load(endpoint);
  if (name !== OURS) await by.table();
  const rates: Rates = { transactions: await by.transactions() };
  if (name !== 'DynamoDB Local') {
    rates.messages = await by.messages(name === OURS ? QUEUE : undefined);
    for (const kind of ['executions', 'tasks'] as const) {
      const rate = await by[kind]().catch(
        (error) => missing.push(`${name}, ${kind}: ${error.message}`) && NaN,
      );
      if (rate > 0) rates[kind] = rate;
    }
  }
  return { ...rates, peakMegabytes: memory(child).peak };
}

const missing: string[] = [];

/** Every engine under the same load, one after the other. */
async function beside(): Promise<Record<string, Measured>> {
  const all: Record<string, Measured> = {};
  await inFolder((folder) =>
    withEngine(folder, async ({ child, endpoint }) => {
      all[OURS] = await measured(OURS, child, endpoint);
    }),
  );
  const peers = await fetched();
  missing.push(...peers.missing);
  for (const [peer, command] of peers.ready) {
    const child = await up(peer, command);
    const endpoint = `http://127.0.0.1:${peer.port}`;
    all[peer.name] = await killedAfter(child, () => measured(peer.name, child, endpoint));
  }
  return all;
}

type Row = Record<string, number>;

/** Rates of one kind of work after the other, with more and more stored. */
async function growth(): Promise<Row[]> {
  const rows: Row[] = [];
  await inFolder(async (folder) => {
    await withEngine(folder, async () => {});
    for (const stored of SIZES) {
      await once(
        spawn(process.execPath, [join(import.meta.dirname, 'fill.ts'), folder, String(stored)], {
          stdio: 'inherit',
        }),
        'exit',
      );
      rows.push(await withEngine(folder, (grown) => grownRates(stored, grown)));
    }
  });
  return rows;
}

async function grownRates(stored: number, { child, endpoint, milliseconds }: Engine): Promise<Row> {
  const by = load(endpoint);
  await by.executions(); // warm
  return {
    stored,
    transactions: Math.round(await by.transactions()),
    messages: Math.round(await by.messages(QUEUE)),
    executions: Math.round(await by.executions()),
    tasks: Math.round(await by.tasks()),
    megabytes: memory(child).now,
    readyMs: Math.round(milliseconds),
  };
}

/** What executions cost that only wait, after kill -9 and a restart. */
async function waiting(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of WAITING)
    await inFolder(async (folder) => {
      await withEngine(folder, ({ endpoint }) => load(endpoint).waiting(count, QUEUE));
      rows.push(await withEngine(folder, (again) => resting(count, again)));
    });
  return rows;
}

async function resting(count: number, { child, milliseconds }: Engine): Promise<Row> {
  await cpu(child, 1); // the start itself
  const cpuPercent = await cpu(child, 3);
  return { waiting: count, readyMs: Math.round(milliseconds), megabytes: memory(child).now, cpuPercent };
}

const KINDS = ['transactions', 'messages', 'executions', 'tasks'] as const;
const isJson = process.argv.includes('--json');
const show: typeof print = (...table) => {
  if (!isJson) print(...table);
};

const breaker = breakerDelays(show);
const loop = await loopTable(show);

const before = loadavg()[0];
const side = await beside();
const { [OURS]: ours } = side;
show(
  `A second, over the wire, 16 clients at once; in brackets, how many times a peer's rate ours is (load before: ${before?.toFixed(1)})`,
  ['', ...KINDS, 'peak MB'],
  Object.entries(side).map(([name, one]) => [
    name,
    ...KINDS.map((kind) => ratio(one[kind], name === OURS ? undefined : ours?.[kind])),
    one.peakMegabytes,
  ]),
);
for (const what of missing) process.stderr.write(`not measured: ${what}\n`);

const grown = await growth();
const power = (cost: (one: Row) => number) => exponent(grown, 'stored', cost);
show(
  'A second, with so many items, hidden messages and ended executions stored; and the power of that by which a cost grows',
  ['stored', ...KINDS, 'MB', 'ready ms'],
  [
    ...grown.map((one) => [one.stored, ...KINDS.map((kind) => one[kind]), one.megabytes, one.readyMs]),
    [
      'power',
      ...KINDS.map((kind) => power((one) => 1 / (one[kind] ?? 0))),
      ...['megabytes', 'readyMs'].map((what) => power((one) => one[what] ?? 0)),
    ],
  ],
);

const asleep = await waiting();
show(
  'With so many executions waiting for a token or a timer, after kill -9 and a restart',
  ['waiting', 'ready ms', 'MB', 'CPU %'],
  asleep.map((one) => [one.waiting, one.readyMs, one.megabytes, one.cpuPercent]),
);

const tickets = await intake(TICKETS);
show(
  'Webhooks to stored tickets through the whole product, with so many stored, and the runs that they start going on behind',
  ['stored', 'a second', 'median ms', 'MB'],
  tickets.map((one) => [one.stored, one.perSecond, one.medianMs, one.megabytes]),
);

const decided = await decisions();
show(
  'A decision through the whole product, one at a time: asked, decided, and heard of by its machine; and a bare machine woken beside it',
  ['', 'median ms', '99 % ms'],
  decided.map(({ part, p50, p99 }) => [part, p50, p99]),
);
if (isJson) {
  const all = {
    breaker,
    loop,
    load: before,
    beside: side,
    missing,
    growth: grown,
    waiting: asleep,
    tickets,
    decided,
  };
  process.stdout.write(`${JSON.stringify(all, null, 2)}\n`);
}
