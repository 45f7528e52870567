import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { probe } from '#adapters/anthropic/probe.ts';
import { clients } from '#adapters/anthropic/providers.ts';
import { recorder } from '#adapters/anthropic/record.ts';
import { speaking } from '#adapters/anthropic/speak.ts';
import { redacted } from '#core/agents/cassette.ts';
import { ROLES } from '#core/agents/roles.ts';
import { scriptedModel } from '#local/model/model.ts';
import { openPurse } from '../../support/purse.ts';

const KEY = 'plain-key-of-the-recording';
const folder = mkdtempSync(join(tmpdir(), 'signalbox-cassettes-'));
const tapes = join(folder, 'tapes');
const open: Server[] = [];
afterAll(() => {
  for (const one of open) {
    one.closeAllConnections();
    one.close();
  }
  rmSync(folder, { recursive: true });
});

/** A provider, real for whoever asks it: it plays the demo's scripts, or only what is on tape. */
async function provider(options: {
  folder: string;
  cassettes?: string;
  now?: () => number;
}): Promise<string> {
  const play = scriptedModel({ key: KEY, ...options });
  const server = createServer((request, response) => void play(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  open.push(server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function signalbox(...args: string[]): Promise<{ exit: number; said: string }> {
  const env = { ...process.env, NO_COLOR: '1', SIGNALBOX_MODEL_KEY: KEY };
  return new Promise((resolve) => {
    execFile(process.execPath, ['bin/cli.ts', 'models', ...args], { env }, (error, said, wrong) =>
      resolve({ exit: (error?.code as number | undefined) ?? 0, said: said + wrong }),
    );
  });
}

it('plays a recorded probe again to the same end, until it expires', { timeout: 60_000 }, async () => {
  const real = await provider({ folder: 'local/demo/scripts' });
  const { exit, said } = await signalbox('record', tapes, '--role', 'engineer', '--base-url', real);
  expect({ exit, said }).toEqual({ exit: 0, said: expect.stringMatching(/claude-opus-5-5, 17 exchanges/) });

  const files = readdirSync(tapes);
  expect(files).toHaveLength(17);
  for (const file of files)
    expect(readFileSync(join(tapes, file), 'utf8')).not.toMatch(/key-of-the|authorization/i);

  const empty = mkdtempSync(join(folder, 'empty-'));
  const look = async (now?: () => number) => {
    const baseUrl = await provider({ folder: empty, cassettes: tapes, ...(now && { now }) });
    const send = clients({ apiKey: KEY, baseUrl });
    const clock = { now: () => new Date() };
    const speak = speaking({ send, roles: ROLES, clock, purse: openPurse().purse, measure: () => {} });
    return probe('engineer', ROLES.engineer, speak);
  };

  expect((await look()).every(({ isGood }) => isGood)).toBe(true);
  const late = await look(() => Date.now() + 91 * 86_400_000);
  expect(late.every(({ isGood }) => !isGood)).toBe(true);
  expect(late[0]?.detail).toMatch(/claude-opus-5-5 said on .* too long ago/);
});

it('writes no key, no name of an account or a person, and nothing that it cannot clean', async () => {
  const secret = 'org-secret/with+signs';
  const said = [
    `${secret} ${encodeURIComponent(secret)} ${btoa(secret)} sk-ant-api03-abcdefghijklmnop`,
    'org_01ABCDEFGHIJKLMNOP 8b7c4a52-9b1f-4b7e-8c6d-0123456789ab dana@acme.example',
  ];
  const body = (text: string) => JSON.stringify({ type: 'message', content: [{ type: 'text', text }] });
  const pieces = `data: {"delta":{"text":"org-secret/"}}\n\ndata: {"delta":{"text":"with+signs"}}\n\n`;
  const tape = recorder({
    folder: join(folder, 'clean'),
    name: 'x',
    secrets: [secret],
    now: new Date(),
    days: 1,
  });
  for (const answer of [body(said.join(' ')), pieces, body('AKIAABCDEFGHIJKLMNOP')])
    await tape.middleware({} as never, async () => new Response(answer), {
      options: { body: { model: 'm', messages: [secret] } },
    } as never);
  const { files, refused } = await tape.done();

  expect(files).toEqual(['x-01.json']);
  expect(refused).toEqual([expect.stringMatching(/in pieces/), expect.stringMatching(/an AWS access key/)]);
  const kept = readFileSync(join(folder, 'clean', 'x-01.json'), 'utf8');
  expect(kept).not.toMatch(/org-secret|b3JnLX|api03|01ABCDEF|8b7c4a52|dana/);
});

it('leaves other words as they are', () => {
  const text = 'organization user_id toolu_01ABCDEFGHIJKLMNOP msg_x task-force 2026-11-21';
  expect(redacted(text)).toBe(text);
});

it('says which file is no cassette', async () => {
  const odd = mkdtempSync(join(folder, 'odd-'));
  writeFileSync(join(odd, 'a.json'), '{}');
  const baseUrl = await provider({ folder: odd, cassettes: odd });
  const response = await fetch(`${baseUrl}/v1/messages`, {
    ...{ method: 'POST', body: '{}' },
    headers: { authorization: `Bearer ${KEY}`, 'anthropic-version': '2026-10-21' },
  });
  expect(await response.text()).toMatch(/a\.json is no cassette/);
});
