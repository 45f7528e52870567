import { performance } from 'node:perf_hooks';
import { dynamoQueue } from '#adapters/dynamodb/queue.ts';
import { admit } from '#core/queue/admit.ts';
import { limitsFrom } from '#core/queue/limits.ts';
import type { QueueNeeds } from '#core/queue/ports.ts';
import { Priority } from '#core/tickets/ticket.ts';
import { localAws } from '../test/support/aws.ts';
import { exponent, print } from './print.ts';

/** What it costs to say who is next and to give the slot, as the queue of one organization grows: the local DynamoDB, one process. */
const SIZES = [10, 100, 1_000, 10_000];
const TIMES = 9;

const aws = await localAws();
const queue = dynamoQueue('Queue');
const rows: { waiting: number; p50: number; p99: number; requests: number }[] = [];
let requests = 0;
let filled = 0;
for (const size of SIZES) {
  for (; filled < size; filled += 1) await join(filled);
  rows.push({ waiting: size, ...(await measured()) });
}
print(
  'giving the next slot',
  ['waiting', 'p50 ms', 'p99 ms', 'port calls'],
  rows.map(({ waiting, p50, p99, requests: made }) => [waiting, p50.toFixed(2), p99.toFixed(2), made]),
);
process.stdout.write(`grows with the ${exponent(rows, 'waiting', ({ p50 }) => p50)}th power of what waits\n`);
await aws.stop();

async function join(n: number): Promise<void> {
  const arrivedAt = new Date(Date.UTC(2026, 10, 20) + n * 1_000).toISOString();
  const priority = Priority.options[n % 4] as Priority;
  const arrival = { org: 'acme', runId: `run_${n}`, ticketId: `tk_${n}`, executionArn: 'x', priority };
  await queue.join({ ...arrival, kind: 'resume', arrivedAt }, { grant: 0, token: 't', at: arrivedAt });
}

/** One slot at a time is free; each that is given is given back to a run that stands at the end. */
async function measured() {
  const times: number[] = [];
  requests = 0;
  for (let time = 0; time < TIMES; time += 1) {
    const { held } = await queue.counts();
    const at = performance.now();
    await admit(needs(held + 1));
    times.push(performance.now() - at);
  }
  const made = Math.round(requests / TIMES);
  for (const { runId } of await queue.held('acme')) await queue.end('acme', runId, new Date().toISOString());
  for (let n = 0; n < TIMES; n += 1, filled += 1) await join(filled);
  const sorted = times.toSorted((a, b) => a - b);
  return { p50: sorted[(TIMES - 1) / 2] ?? 0, p99: sorted.at(-1) ?? 0, requests: made };
}

function needs(slots: number): QueueNeeds {
  return {
    queue: counted(queue),
    tickets: { find: async () => undefined, advance: () => Promise.reject(new Error('no ticket')) },
    machines: { succeed: async () => true, state: async () => 'running' },
    limits: limitsFrom(`${slots}`, `${slots}`),
    clock: { now: () => new Date() },
  };
}

function counted<T extends object>(port: T): T {
  return new Proxy(port, {
    get: (target, name) => {
      requests += 1;
      return target[name as keyof T];
    },
  });
}
