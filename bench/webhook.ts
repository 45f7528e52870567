import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type RunningProduct, startedProduct } from '../test/support/product.ts';
import { load, memory } from './engine.ts';
import { many, SECONDS } from './load.ts';

const ticket = JSON.parse(readFileSync(new URL('../local/demo/jira-ticket.json', import.meta.url), 'utf8'));

/** Deliveries that the whole product stores as tickets in a second, and how that goes with tickets already stored. */
export interface Intake {
  stored: number;
  perSecond: number;
  medianMs: number;
  megabytes: number;
}

/** From the webhook's door through gateway, function and transaction, while the runs that the tickets start go on behind it. */
export async function intake(sizes: number[]): Promise<Intake[]> {
  const product = await startedProduct('--no-demo');
  const send = webhook(product);
  const rows: Intake[] = [];
  let stored = 0;
  try {
    for (const size of sizes) {
      while (stored < size) stored += await many(send);
      while ((await load(product.child, 1)) > 5);
      const times: number[] = [];
      const count = await many(async () => times.push(await timed(send)));
      const medianMs = Math.round(times.sort((a, b) => a - b)[times.length >> 1] ?? 0);
      const { now: megabytes } = memory(product.child);
      rows.push({ stored, perSecond: Math.round(count / SECONDS), medianMs, megabytes });
      stored += count;
    }
  } finally {
    await product.stop();
  }
  return rows;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Sends one signed delivery of a new ticket; answers once the product has stored it. */
function webhook({ webhooks, webhookSecrets }: RunningProduct): () => Promise<void> {
  const door = webhooks.find((one) => one.endsWith('jira')) as string;
  const key = JSON.parse(readFileSync(webhookSecrets, 'utf8')).webhooks.jira;
  let last = 0;
  return async () => {
    last += 1;
    const id = randomUUID();
    const sent = structuredClone(ticket);
    sent.timestamp = Date.now();
    sent.issue.key = `BENCH-${last}`;
    Object.assign(sent.issue.fields, { summary: id, description: id, components: [] });
    const body = JSON.stringify(sent);
    const reply = await fetch(door, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-hub-signature': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
        'x-atlassian-webhook-identifier': id,
      },
    });
    if (reply.status !== 202) throw new Error(`${door} answered ${reply.status}: ${await reply.text()}`);
    await reply.body?.cancel();
  };
}
