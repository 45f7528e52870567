import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_CAPS } from '#core/agents/caps.ts';
import { spendingOf } from '#core/agents/spending.ts';
import type { CostRow } from '#core/runs/run.ts';

const ROW: CostRow = {
  ...{ id: 'r', at: '2026-11-20T10:00:00.000Z', ticketId: 'tk_1', role: 'engineer', model: 'm', attempt: 1 },
  ...{ inputTokens: 25, outputTokens: 5, cacheReadTokens: 75, cacheWriteTokens: 0 },
  ...{ nanoUsd: 1_500_000_000, priceVersion: 'v', status: 'settled', stop: 'end_turn' },
};

const folder = mkdtempSync(join(tmpdir(), 'spend-'));
const heard: { method: string; path: string; body: string }[] = [];
let server: Server;
let url: string;
beforeAll(async () => {
  const spent = { from: '2026-11-14', to: '2026-11-20', ...spendingOf([ROW], () => true) };
  const said: Record<string, object> = {
    '/api/spend': spent,
    '/api/costs': { costs: [ROW] },
    '/api/budgets': { caps: DEFAULT_CAPS },
  };
  server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    heard.push({ method: request.method ?? '', path: request.url ?? '', body });
    response.end(JSON.stringify(said[(request.url ?? '').split('?')[0] ?? '']));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** The real command, in a process of its own. */
function signalbox(...args: string[]): Promise<{ exit: number; said: string; complained: string }> {
  const env = { ...process.env, NO_COLOR: '1', SIGNALBOX_URL: url, SIGNALBOX_TOKEN: 'key' };
  return new Promise((resolve) => {
    execFile(process.execPath, ['bin/cli.ts', 'spend', ...args], { env }, (error, said, complained) =>
      resolve({ exit: (error?.code as number | undefined) ?? 0, said, complained }),
    );
  });
}

it('says what was spent, on what, and what it was good for', async () => {
  const { exit, said } = await signalbox('--days', '30');

  expect(exit).toBe(0);
  expect(heard.at(-1)?.path).toBe('/api/spend?days=30');
  for (const words of [/\$1.50 in 1 attempts/, /1, \$1.50 each/, /75 % of prompt tokens/, /tk_1 +\$1.50/])
    expect(said).toMatch(words);
});

it('shows caps, and changes those that are named', async () => {
  expect((await signalbox('caps')).said).toMatch(/per run +\$10.00/);
  await signalbox('caps', '--day', '50.5');

  expect(heard.at(-1)).toMatchObject({ method: 'PUT', body: '{"day":50500000000}' });
  expect(await signalbox('caps', '--day', 'lots')).toMatchObject({
    exit: 2,
    complained: expect.stringContaining('12.50'),
  });
});

it('ends with 1 when the bill says otherwise', async () => {
  const bill = (usd: number) => {
    writeFileSync(join(folder, 'bill.json'), JSON.stringify([{ day: '2026-11-20', model: 'm', usd }]));
    return signalbox('reconcile', join(folder, 'bill.json'));
  };

  expect(await bill(1.5)).toMatchObject({ exit: 0, said: expect.stringContaining('agree') });
  expect(await bill(1.6)).toMatchObject({ exit: 1, said: expect.stringContaining('6.3 % off') });
  expect((await signalbox('reconcile', join(folder, 'none.json'))).exit).toBe(2);
});
