import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningProduct, startedProduct } from '../support/product.ts';
import { type Weekly, weekly } from '../support/weekly.ts';

const run = promisify(execFile);
const STREAMS = 'tap_orders/streams.py';

describe('the weekly schema check', { timeout: 90_000 }, () => {
  let product: RunningProduct;
  let week: Weekly;

  beforeAll(async () => {
    product = await startedProduct('--no-demo');
    week = weekly(product);
  }, 60_000);

  afterAll(async () => {
    week?.close();
    await product?.stop();
  });

  it('keeps the first catalog as baseline, then finds nothing', async () => {
    expect(await week.check()).toMatchObject({ state: 'first' });
    expect(await week.check()).toMatchObject({ state: 'same' });
    expect(await week.drifts()).toEqual([]);
  });

  it('files one ticket for a change, however often it looks', async () => {
    await week.commit({
      [STREAMS]: (text) =>
        text.replace('"total_cents": {"type": "integer"}', '"total_cents": {"type": ["string", "null"]}'),
    });

    const { ticketId } = await week.check();
    expect(await week.check()).toMatchObject({
      state: 'drift',
      ticketId,
      counts: { breaking: 1, warning: 1 },
    });
    const [ticket, ...others] = await week.drifts();
    expect(others).toEqual([]);
    expect(ticket).toMatchObject({
      id: ticketId,
      type: 'schema_drift',
      priority: 'high',
      concerns: ['acme/tap-orders'],
    });
    expect(ticket?.body).toMatch(/Code drift: our own code has changed/);
    expect(ticket?.body).toMatch(/breaking, TYPE_CHANGED: orders\.total_cents: integer → string/);
  });

  it('takes a discovery that logs an error for inconclusive, whatever it prints and ends with', async () => {
    await week.commit({
      [STREAMS]: (text) =>
        `import sys\nprint("ERROR no permission to list refunds", file=sys.stderr)\n${text.replace('"total_cents"', '"total"')}`,
    });

    expect(await week.check()).toMatchObject({ state: 'inconclusive', reason: expect.any(String) });
    expect(await week.drifts()).toHaveLength(1);
  });

  it('takes a tap that breaks for inconclusive, never for drift', async () => {
    await week.commit({ [STREAMS]: (text) => `raise RuntimeError("broken")\n${text}` });

    expect(await week.check()).toMatchObject({ state: 'inconclusive', reason: expect.any(String) });
    expect(await week.drifts()).toHaveLength(1);
  });

  it('leaves nothing running when it is stopped while it looks', async () => {
    const endless = `sleep ${80_000 + process.pid}`;
    const isRunning = async () => (await run('ps', ['-eo', 'args'])).stdout.split('\n').includes(endless);
    await week.commit({
      [STREAMS]: (text) =>
        `import subprocess\nsubprocess.run(${JSON.stringify(endless.split(' '))})\n${text}`,
    });
    await week.start();
    await expect.poll(isRunning, { timeout: 30_000 }).toBe(true);

    await product.stop();
    await expect.poll(isRunning, { timeout: 10_000 }).toBe(false);
  });
});
