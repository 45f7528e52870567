import { execFile } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOM = { channel: 'linear', to: 'OPS-12', when: ['end'], tickets: 'homeless' };
const known = {
  mine: { ways: { ticket_closed: 'off' }, revision: 3 },
  rooms: { rooms: [ROOM], revision: 2 },
};
let put: { path: string; body: unknown } | undefined;
let server: Server;
let url = '';
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const path = request.url ?? '';
    const body = request.method === 'PUT' ? await json(request) : undefined;
    if (body) put = { path, body };
    response.end(JSON.stringify(body ? { [path.split('/').at(-1) ?? '']: body } : known));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

/** The real command, in a process of its own. */
function signalbox(...args: string[]): Promise<{ exit: number; said: string; complained: string }> {
  const env = { ...process.env, NO_COLOR: '1', SIGNALBOX_URL: url, SIGNALBOX_TOKEN: 'key' };
  return new Promise((resolve) => {
    execFile(process.execPath, ['bin/cli.ts', 'notices', ...args], { env }, (error, said, complained) =>
      resolve({ exit: (error?.code as number | undefined) ?? 0, said, complained }),
    );
  });
}

it('shows one’s own and everybody’s', async () => {
  const { said } = await signalbox('show');

  expect(said).toMatch(/ticket closed +off/);
  expect(said).toMatch(/ticket escalated +email/);
  expect(said).toMatch(/linear OPS-12 +end +tickets with nobody at their source/);
});

it('changes one thing of what was read, at its revision', async () => {
  await signalbox('set', 'pull_request_opened', 'slack');
  expect(put).toEqual({
    path: '/v1/preferences/mine',
    body: { ways: { ticket_closed: 'off', pull_request_opened: 'slack' }, revision: 3 },
  });
  await signalbox('rooms', 'add', 'slack', 'C0OPS', '--when', 'trouble', '--all');
  expect(put).toEqual({
    path: '/v1/preferences/rooms',
    body: {
      rooms: [ROOM, { channel: 'slack', to: 'C0OPS', when: ['trouble'], tickets: 'all' }],
      revision: 2,
    },
  });
  await signalbox('rooms', 'remove', 'linear', 'OPS-12');
  expect(put?.body).toEqual({ rooms: [], revision: 2 });
  await signalbox('quiet', '--for', '2h');
  expect(put?.body).toMatchObject({ quietUntil: expect.stringMatching(/Z$/), revision: 3 });
}, 30_000);

it('says what is wrong', async () => {
  expect(await signalbox('set', 'ticket_closed', 'fax')).toMatchObject({ exit: 2, said: '' });
  expect(await signalbox('rooms', 'remove', 'slack', 'C0NONE')).toMatchObject({ said: '' });
});
