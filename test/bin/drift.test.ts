import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';

const NAME = 'acme/tap-orders';
const AT = new Date().toISOString();
const change = {
  ...{ id: 'c1', rule: 'TYPE_CHANGED', severity: 'breaking', cause: 'configuration', stream: 'orders' },
  ...{ path: 'total', was: 'string', is: 'integer', readers: [] },
};
const CHECK = {
  ...{ org: 'acme', projectId: 'etl', repository: NAME, check: 'w2', began: AT, at: AT, state: 'drift' },
  ...{ counts: { breaking: 1, warning: 0, information: 0 }, changes: [change], severities: 1 },
};
const accepted = { by: 'Dana', at: AT, reason: 'wanted so' };

const heard: unknown[] = [];
let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    if (request.url === `/api/drift/${NAME}/accept`) {
      heard.push(JSON.parse(body));
      response.end(JSON.stringify({ check: { ...CHECK, accepted } }));
    } else response.end(JSON.stringify({ checks: heard.length > 0 ? [{ ...CHECK, accepted }] : [CHECK] }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

/** The real command, in a process of its own. */
function drift(...args: string[]): Promise<string> {
  const env = { ...process.env, NO_COLOR: '1', SIGNALBOX_URL: url, SIGNALBOX_TOKEN: 'key' };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['bin/cli.ts', 'drift', ...args], { env }, (error, said) =>
      error ? reject(error) : resolve(said),
    );
  });
}

it('accepts the check that was shown, and says what that was', async () => {
  expect(await drift('show', NAME)).toContain(`drift accept ${NAME} --check w2 --reason`);
  const said = await drift('accept', NAME, '--check', 'w2', '--reason', 'wanted so');

  expect(heard).toEqual([{ check: 'w2', reason: 'wanted so' }]);
  expect(said).toMatch(/breaking +TYPE_CHANGED .*orders\.total/);
  expect(said).toMatch(/Accepted by Dana: what check w2 saw is the baseline of acme\/tap-orders/);
  const shown = await drift('show', NAME);
  expect(shown).toMatch(/drift, accepted .*by Dana, .*: wanted so/);
  expect(shown).not.toContain('drift accept');
});

it('without an id accepts the last check, and no other', async () => {
  const { check } = JSON.parse(await drift('accept', NAME, '--json'));

  expect(heard.at(-1)).toEqual({ check: 'w2' });
  expect(check).toMatchObject({ check: 'w2', accepted });
});
