import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'postman-'));
writeFileSync(join(folder, 'setup.py'), 'from setuptools import setup\nsetup(name="target-shop")\n');
afterAll(() => rmSync(folder, { recursive: true }));

function signalbox(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) =>
    execFile(process.execPath, ['bin/cli.ts', ...args], (error, stdout, stderr) =>
      done({ code: Number(error?.code ?? 0), stdout, stderr }),
    ),
  );
}

it('writes the same bytes to a file as to standard output, with secrets in the environment only by name', async () => {
  const [out, environment] = [join(folder, 'c.json'), join(folder, 'e.json')];
  const [first, second] = await Promise.all([
    signalbox('taps', 'postman', 'local/demo/tap-orders'),
    signalbox('taps', 'postman', 'local/demo/tap-orders', '--out', out, '--environment', environment),
  ]);

  expect([first.code, second.code]).toEqual([0, 0]);
  expect(readFileSync(out, 'utf8')).toBe(first.stdout);
  expect(JSON.parse(first.stdout)).toMatchObject({
    item: [
      { name: 'orders', request: { url: { raw: '{{api_url}}/orders' } } },
      { name: 'customers', request: { url: { raw: '{{api_url}}/customers' } } },
    ],
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{api_key}}' }] },
  });
  expect(JSON.parse(readFileSync(environment, 'utf8')).values).toContainEqual({
    ...{ key: 'api_key', value: '', type: 'secret', enabled: true },
  });
  expect(second.stdout).toContain('2 streams');
}, 60_000);

it.each([
  ['a folder that is not there', 'nowhere/at/all', 4, 'is not a folder'],
  ['a target', folder, 1, 'target-shop is a target'],
  ['a folder without streams', 'docs', 1, 'No streams were found in 0 Python files'],
])(
  'says what is wrong with %s',
  async (_, path, code, words) => {
    const said = await signalbox('taps', 'postman', path);

    expect(said).toMatchObject({ code, stderr: expect.stringContaining(words) });
  },
  60_000,
);
