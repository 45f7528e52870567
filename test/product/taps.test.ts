import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  DescribeExecutionCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Keys } from '../../bin/demo/keys.ts';
import { type Tables, tablesAt } from '../support/aws-client.ts';
import { type RunningProduct, startedProduct } from '../support/product.ts';

const run = promisify(execFile);

describe('the weekly schema check', { timeout: 90_000 }, () => {
  let product: RunningProduct;
  let tables: Tables;
  let machines: SFNClient;

  beforeAll(async () => {
    product = await startedProduct('--no-demo');
    tables = tablesAt(product.aws);
    machines = new SFNClient({
      endpoint: product.aws,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  }, 60_000);

  afterAll(async () => {
    tables?.close();
    machines?.destroy();
    await product?.stop();
  });

  /** What the weekly rule does. */
  async function start(): Promise<string | undefined> {
    const { stateMachines = [] } = await machines.send(new ListStateMachinesCommand({}));
    const arn = stateMachines.find(({ name }) => /Taps/.test(name ?? ''))?.stateMachineArn;
    const started = await machines.send(new StartExecutionCommand({ stateMachineArn: arn, input: '{}' }));
    return started.executionArn;
  }

  /** The same; answers what the tap showed. */
  async function check(): Promise<Record<string, unknown>> {
    const executionArn = await start();
    for (;;) {
      const { status, output, cause } = await machines.send(new DescribeExecutionCommand({ executionArn }));
      if (status === 'SUCCEEDED') {
        expect(JSON.parse(output ?? '')).toEqual({ taps: 1 });
        const last = (await tables.rows('Checks')).find(({ sk }) => sk === 'acme/tap-orders');
        expect(executionArn).toMatch(new RegExp(`:${last?.check}$`));
        return last ?? {};
      }
      if (status !== 'RUNNING') throw new Error(`${status}: ${cause}`);
      await sleep(100);
    }
  }

  /** A commit on the forge that changes a file of the tap. */
  async function commit(path: string, change: (text: string) => string): Promise<void> {
    const { forgeToken }: Keys = JSON.parse(readFileSync(product.webhookSecrets, 'utf8'));
    const folder = mkdtempSync(join(tmpdir(), 'tap-change-'));
    const url = product.forge.replace('://', `://x-access-token:${forgeToken}@`);
    const git = (...args: string[]) =>
      run('git', ['-c', 'user.name=Rosa', '-c', 'user.email=rosa@demo.example', ...args], { cwd: folder });
    await git('clone', '--quiet', `${url}/acme/tap-orders.git`, '.');
    const before = readFileSync(join(folder, path), 'utf8');
    const after = change(before);
    expect(after).not.toBe(before);
    writeFileSync(join(folder, path), after);
    await git('commit', '--quiet', '-am', 'change');
    await git('push', '--quiet', 'origin', 'HEAD:main');
    rmSync(folder, { recursive: true });
  }

  const drifts = async () => (await tables.rows('Tickets')).filter(({ source }) => source === 'drift');

  it('keeps the first catalog as baseline, then finds nothing', async () => {
    expect(await check()).toMatchObject({ state: 'first' });
    expect(await check()).toMatchObject({ state: 'same' });
    expect(await drifts()).toEqual([]);
  });

  it('files one ticket for a change, however often it looks', async () => {
    await commit('tap_orders/streams.py', (text) =>
      text.replace('"total_cents": {"type": "integer"}', '"total_cents": {"type": ["string", "null"]}'),
    );

    const { ticketId } = await check();
    expect(await check()).toMatchObject({ state: 'drift', ticketId, counts: { breaking: 1, warning: 1 } });
    const [ticket, ...others] = await drifts();
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
    await commit(
      'tap_orders/streams.py',
      (text) =>
        `import sys\nprint("ERROR no permission to list refunds", file=sys.stderr)\n${text.replace('"total_cents"', '"total"')}`,
    );

    expect(await check()).toMatchObject({ state: 'inconclusive', reason: expect.any(String) });
    expect(await drifts()).toHaveLength(1);
  });

  it('takes a tap that breaks for inconclusive, never for drift', async () => {
    await commit('tap_orders/streams.py', (text) => `raise RuntimeError("broken")\n${text}`);

    expect(await check()).toMatchObject({ state: 'inconclusive', reason: expect.any(String) });
    expect(await drifts()).toHaveLength(1);
  });

  it('leaves nothing running when it is stopped while it looks', async () => {
    const endless = `sleep ${80_000 + process.pid}`;
    const isRunning = async () => (await run('ps', ['-eo', 'args'])).stdout.split('\n').includes(endless);
    await commit(
      'tap_orders/streams.py',
      (text) => `import subprocess\nsubprocess.run(${JSON.stringify(endless.split(' '))})\n${text}`,
    );
    await start();
    await expect.poll(isRunning, { timeout: 30_000 }).toBe(true);

    await product.stop();
    await expect.poll(isRunning, { timeout: 10_000 }).toBe(false);
  });
});
