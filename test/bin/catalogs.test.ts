import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'catalogs-'));
  const stream = (total: string, key: string) => ({
    ...{ tap_stream_id: 'orders', stream: 'orders', key_properties: [key] },
    schema: { type: 'object', properties: { id: { type: 'string' }, total: { type: total } } },
  });
  write('before.json', { streams: [stream('integer', 'id')] });
  write('wider.json', { streams: [stream('number', 'id')] });
  write('unsound.json', { streams: [stream('integer', 'idn')] });
  write('rules.json', { TYPE_WIDENED: 'breaking' });
  write('wrong.json', { TYPE_WIDENED: 'awful' });
  write('waivers.json', [{ rule: 'KEY_MISSING', stream: 'ord*', reason: 'made by the report' }]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));

/** The command line in the folder: exit code and what it says. */
function taps(...args: string[]): Promise<{ code: number; said: string }> {
  const cli = join(process.cwd(), 'bin/cli.ts');
  return new Promise((done) => {
    execFile(process.execPath, [cli, 'taps', ...args], { cwd: folder }, (error, stdout, stderr) =>
      done({ code: Number(error?.code ?? 0), said: stdout + stderr }),
    );
  });
}

it('says what has changed between two catalogs, and ends by how bad that is', {
  timeout: 120_000,
}, async () => {
  const { code, said } = await taps(
    'compare',
    'before.json',
    'wider.json',
    '--rules',
    'rules.json',
    '--json',
  );

  expect(code).toBe(1);
  expect(JSON.parse(said)).toMatchObject({
    worst: 'breaking',
    changes: [{ rule: 'TYPE_WIDENED', path: 'total' }],
  });
});

it('says what is wrong with a catalog, unless that is waived', { timeout: 120_000 }, async () => {
  const unsound = await taps('check', 'unsound.json');
  const waived = await taps('check', 'unsound.json', '--waivers', 'waivers.json');

  expect(unsound.code).toBe(1);
  expect(unsound.said).toContain('orders: key idn is not in its schema');
  expect(waived.code).toBe(0);
  expect(waived.said).toContain('made by the report');
});

it('names a setting that it cannot use', { timeout: 120_000 }, async () => {
  const { code, said } = await taps('compare', 'before.json', 'wider.json', '--rules', 'wrong.json');

  expect(code).toBe(2);
  expect(said).toMatch(/wrong\.json.*TYPE_WIDENED/s);
});
