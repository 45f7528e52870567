import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetched, up } from '../test/oracles/engines.ts';
import { startedProduct } from '../test/support/product.ts';
import { load, type Rates, signedWebhooks } from './load.ts';

/**
 * `npm run bench [-- --full] [-- --json]`: the local AWS beside ministack and DynamoDB Local, in one run on one machine, and
 * how its cost grows with what it holds. Ratios mean something, seconds do not. `--full` goes to a million items.
 */
const isFull = process.argv.includes('--full');
const isJson = process.argv.includes('--json');
const SIZES = isFull ? [1_000, 10_000, 100_000, 1_000_000] : [1_000, 10_000, 100_000];
const WAITING = [10, 100, 1_000, 10_000];
const QUEUE = 'http://sqs.local/000000000000/Bench';

const found: Record<string, unknown> = { load: loadavg()[0] };
const say = (text: string) => {
  if (!isJson) process.stdout.write(`${text}\n`);
};

interface Local {
  child: ChildProcess;
  endpoint: string;
  milliseconds: number;
}

async function local(folder: string): Promise<Local> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'host.ts'), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }),
    'line',
  );
  const { port, milliseconds } = JSON.parse(line);
  return { child, endpoint: `http://127.0.0.1:${port}`, milliseconds };
}

async function end({ child }: Pick<Local, 'child'>): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Megabytes: the most that a process has held, and what it holds now. */
function memory({ pid }: ChildProcess): { peak: number; now: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return { peak: of('VmHWM'), now: of('VmRSS') };
}

/** Seconds of CPU that a process has used. */
function cpu({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

interface Peer extends Rates {
  peakMegabytes: number;
}

async function measured(name: string, child: ChildProcess, endpoint: string): Promise<Peer> {
  const by = load(endpoint);
  if (name !== 'local AWS') await by.table();
  const transactions = await by.transactions();
  const others =
    name === 'DynamoDB Local'
      ? {}
      : {
          messages: await by.messages(name === 'local AWS' ? QUEUE : undefined),
          executions: await by.executions(),
        };
  return { transactions, ...others, peakMegabytes: memory(child).peak };
}

async function beside(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const own = await local(folder);
  const all: Record<string, Peer> = { 'local AWS': await measured('local AWS', own.child, own.endpoint) };
  await end(own);
  rmSync(folder, { recursive: true });
  const { ready, missing } = await fetched();
  for (const [oracle, command] of ready) {
    const child = await up(oracle, command);
    all[oracle.name] = await measured(oracle.name, child, `http://127.0.0.1:${oracle.port}`).finally(() =>
      child.kill('SIGKILL'),
    );
  }
  found.beside = all;
  say(`Over the wire, 16 clients at once (load of the machine before: ${loadavg()[0]?.toFixed(1)})`);
  say(row('', 'transactions/s', 'messages/s', 'executions/s', 'peak MB'));
  for (const [name, { transactions, messages, executions, peakMegabytes }] of Object.entries(all))
    say(
      row(
        name,
        times(transactions, all, 'transactions'),
        times(messages, all, 'messages'),
        times(executions, all, 'executions'),
        peakMegabytes,
      ),
    );
  for (const what of missing) say(`not measured: ${what}`);
}

function row(name: string, ...cells: (string | number)[]): string {
  return [name.padEnd(16), ...cells.map((cell) => String(cell).padStart(22))].join('');
}

/** A rate, and how many times that of ours it is. */
function times(rate: number | undefined, all: Record<string, Peer>, what: keyof Rates): string {
  if (rate === undefined) return '-';
  return `${Math.round(rate)} (${(rate / (all['local AWS']?.[what] ?? rate)).toFixed(2)} of ours)`;
}

/** What stored items, messages and executions cost the next ones: rates at growing sizes, against the smallest. */
async function growth(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  await end(await local(folder));
  const rows: Record<string, number>[] = [];
  for (const size of SIZES) {
    const fill = spawn(process.execPath, [join(import.meta.dirname, 'fill.ts'), folder, String(size)], {
      stdio: 'inherit',
    });
    await once(fill, 'exit');
    const grown = await local(folder);
    const rates = load(grown.endpoint);
    await rates.executions(); // warm
    const one = {
      size,
      readyMs: Math.round(grown.milliseconds),
      transactions: await rates.transactions(),
      messages: await rates.messages(QUEUE),
      executions: await rates.executions(),
      megabytes: memory(grown.child).now,
    };
    rows.push(one);
    await end(grown);
  }
  rmSync(folder, { recursive: true });
  found.growth = rows;
  say('\nWith so many items, messages and ended executions stored (rates against the first row)');
  say(row('stored', 'transactions', 'messages', 'executions', 'MB', 'ready after ms'));
  const ratio = (one: Record<string, number>, what: string) =>
    ((one[what] ?? 0) / (rows[0]?.[what] ?? 1)).toFixed(2);
  for (const one of rows)
    say(
      row(
        String(one.size),
        ratio(one, 'transactions'),
        ratio(one, 'messages'),
        ratio(one, 'executions'),
        one.megabytes ?? 0,
        one.readyMs ?? 0,
      ),
    );
}

/** What executions cost that only wait. */
async function waiting(): Promise<void> {
  const rows: Record<string, number>[] = [];
  for (const count of WAITING) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    const first = await local(folder);
    await load(first.endpoint).waiting(count, QUEUE);
    await end(first);
    const again = await local(folder);
    await sleep(500);
    const before = cpu(again.child);
    await sleep(3_000);
    rows.push({
      count,
      readyMs: Math.round(again.milliseconds),
      megabytes: memory(again.child).now,
      cpuPercent: Math.round(((cpu(again.child) - before) / 3) * 1000) / 10,
    });
    await end(again);
    rmSync(folder, { recursive: true });
  }
  found.waiting = rows;
  say('\nWith so many executions waiting for a token or a timer, after kill -9 and a restart');
  say(row('waiting', 'ready after ms', 'MB', 'CPU %'));
  for (const { count, readyMs, megabytes, cpuPercent } of rows)
    say(row(String(count), readyMs ?? 0, megabytes ?? 0, cpuPercent ?? 0));
}

/** Signed webhooks through the whole product until 202: signature, delivery, ticket and event are durable then. */
async function webhooks(): Promise<void> {
  const product = await startedProduct('--no-demo');
  const { webhooks: keys } = JSON.parse(readFileSync(product.webhookSecrets, 'utf8'));
  const perSecond = Math.round(await signedWebhooks(product.dashboard, keys.jira));
  const { peak } = memory(product.child);
  found.webhooks = { perSecond, peakMegabytes: peak };
  say(`\nWebhook to stored ticket, through the whole product: ${perSecond} a second, peak ${peak} MB`);
  await product.stop();
}

await beside();
await growth();
await waiting();
await webhooks();
if (isJson) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
